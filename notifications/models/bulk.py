"""Set-based writes, the same for PostgreSQL and SQLite: INSERT … SELECT and UPDATE … FROM a list of rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    AutoField,
    BigAutoField,
    CharField,
    Field,
    Lookup,
    Model,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.expressions import BaseExpression, Combinable, F

from notifications.models.rows_sql import column_of, rows_sql


class Insert(NamedTuple):
    """One row of `model` for each row of `source`; rows that stand already are left alone."""

    model: type[Model]
    source: QuerySet[Any]
    columns: Mapping[str, Any]
    """Field names of `model` → expressions over `source`, or plain values; fields not named get their default."""
    conflict: Sequence[str] = ()
    """The fields of the unique constraint (without a condition) that says "stands already". Without it, any does."""


def insert_select(
    model: type[Model], source: QuerySet[Any], columns: Mapping[str, Any], conflict: Sequence[str] = ()
) -> int:
    """Insert what `Insert` says. Returns how many were inserted."""
    return _inserted(_insert_select_sql(Insert(model, source, columns, conflict)))


def insert_selects(first: Insert, second: Insert) -> None:
    """Both, decided at one moment: neither sees the other's rows, nor what somebody changes between them.

    One statement in PostgreSQL; in SQLite two, in whose transaction nobody else writes.
    """
    statements = [sql for each in (first, second) if (sql := _insert_select_sql(each))]
    if connection.vendor == "postgresql" and len(statements) == 2:
        (one, params), (other, more) = statements
        statements = [(f"WITH first AS ({one}) {other}", (*params, *more))]
    for statement in statements:
        _inserted(statement)


Statement = tuple[str, tuple[Any, ...]]


def _inserted(statement: Statement | None) -> int:
    if statement is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(*statement)
        return int(cursor.rowcount)


def _insert_select_sql(insert: Insert) -> Statement | None:
    """None where Django knows without asking that there is no row."""
    model, source, columns, conflict = insert
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    expressions: list[Any] = [_expression(field, columns) for field in fields]
    try:
        select_sql, params = source.values_list(*expressions).query.sql_with_params()
    except EmptyResultSet:
        return None
    names = ", ".join(column_of(field) for field in fields)
    sql = (
        f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({names}) {select_sql} "
        f"ON CONFLICT {_target(model, conflict)} DO NOTHING"
    )
    return sql, tuple(params)


def update_rows(
    model: type[Model], rows: Sequence[Mapping[str, Any]], *, where: str = "", params: Sequence[Any] = ()
) -> list[int]:
    """Write each row's values where `id` matches and `where` (SQL over the table's columns) holds; one statement.

    Every row has the same keys, `id` among them. Returns the ids that were written.
    """
    columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {"id": []}
    return update_columns(model, columns, where=where, params=params)


def update_columns(
    model: type[Model], columns: Mapping[str, Sequence[Any]], *, where: str = "", params: Sequence[Any] = ()
) -> list[int]:
    """The same for rows that are given as columns: field name → the values of all rows, in one order.

    `where` may name the new values as `new_<field>`.
    """
    if not columns["id"]:
        return []
    sql, values = _update_sql(model, columns, where)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{sql} RETURNING {connection.ops.quote_name(model._meta.db_table)}.id", [*values, *params]
        )
        return [row[0] for row in cursor.fetchall()]


def set_columns(model: type[Model], columns: Mapping[str, Sequence[Any]]) -> None:
    """The same, for whoever holds these rows and knows that all of them stand."""
    sql, values = _update_sql(model, columns, "")
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def update_where(model: type[Model], values: Mapping[str, Any], where: str) -> int:
    """Write the same values into all rows for which `where` (SQL without parameters) holds. Returns how many.

    As a queryset's `update`, without the time that Django takes to write it.
    """
    fields = {name: model._meta.get_field(name) for name in values}
    source, parameters = rows_sql(fields, {name: [value] for name, value in values.items()})
    sets = ", ".join(f"{column_of(field)} = new_{name}" for name, field in fields.items())
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {sets} FROM {source} v WHERE {where}", parameters)
        return int(cursor.rowcount)


def _update_sql(
    model: type[Model], columns: Mapping[str, Sequence[Any]], where: str
) -> tuple[str, list[Any]]:
    table = connection.ops.quote_name(model._meta.db_table)
    fields = {name: model._meta.get_field(name) for name in columns}
    source, values = rows_sql(fields, columns)
    sets = ", ".join(f"{column_of(field)} = new_{name}" for name, field in fields.items() if name != "id")
    guard = f" AND {where}" if where else ""
    # Materialized: otherwise SQLite takes the document apart again for every row it compares with.
    sql = f"WITH v AS MATERIALIZED {source} UPDATE {table} SET {sets} FROM v WHERE {table}.id = new_id{guard}"
    return sql, values


def insert_rows(model: type[Model], rows: Sequence[Mapping[str, Any]], conflict: Sequence[str] = ()) -> int:
    """Insert these rows in one statement; those that stand already are left alone. Returns how many were inserted.

    Every row has the same keys: the names of all columns that matter; fields not named get their default. `conflict`
    names the fields of the unique constraint that says "stands already"; without it, any of them does.
    """
    columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
    return insert_columns(model, columns, conflict)


def insert_columns(
    model: type[Model],
    columns: Mapping[str, Sequence[Any]],
    conflict: Sequence[str] = (),
    *,
    where: str = "true",
) -> int:
    """The same for rows that are given as columns: field name → the values of all rows, in one order.

    Only those for which `where` (SQL) holds, which may name the values as `new_<field>`.
    """
    if not next(iter(columns.values()), ()):
        return 0
    sql, values = _insert_sql(model, columns, conflict, where)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def insert_for_ids(model: type[Model], columns: Mapping[str, Sequence[Any]]) -> list[int]:
    """The same, where none stands yet. Returns the ids of the new rows, in their order."""
    sql, values = _insert_sql(model, columns, ())
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} RETURNING id", values)
        return [row[0] for row in cursor.fetchall()]


def _insert_sql(
    model: type[Model], columns: Mapping[str, Sequence[Any]], conflict: Sequence[str], where: str = "true"
) -> tuple[str, list[Any]]:
    size = len(next(iter(columns.values())))
    fields = {field.name: field for field in model._meta.concrete_fields if not field.primary_key}
    given = {
        name: columns[name] if name in columns else [field.get_default()] * size
        for name, field in fields.items()
    }
    source, values = rows_sql(fields, given)
    names = ", ".join(column_of(field) for field in fields.values())
    sql = (
        f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({names}) "
        f"SELECT {', '.join(f'new_{name}' for name in fields)} FROM {source} v WHERE {where} "
        f"ON CONFLICT {_target(model, conflict)} DO NOTHING"
    )
    return sql, values


def _target(model: type[Model], conflict: Sequence[str]) -> str:
    return f"({', '.join(column_of(model._meta.get_field(name)) for name in conflict)})" if conflict else ""


def insert_objects(objects: Sequence[Model], by: str) -> dict[Any, int]:
    """Insert these unsaved objects of one model in one statement. Returns their new primary keys by the field `by`.

    `by` is unique. The objects stay as they are. Raises IntegrityError where one of them stands already.
    """
    model = type(objects[0])
    fields = {field.attname: field for field in model._meta.concrete_fields if not field.primary_key}
    held = [vars(each) for each in objects]
    source, values = rows_sql(fields, {name: [each[name] for each in held] for name in fields})
    columns = ", ".join(column_of(field) for field in fields.values())
    sql = (
        f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({columns}) "
        f"SELECT {', '.join(f'new_{name}' for name in fields)} FROM {source} v "
        f"RETURNING {column_of(model._meta.get_field(by))}, {column_of(model._meta.pk)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return dict(cursor.fetchall())


@AutoField.register_lookup
@BigAutoField.register_lookup
@CharField.register_lookup
class InList(Lookup):
    """`field__in_list=[…]`: like `in`, for any number of texts or primary keys, in one parameter."""

    lookup_name = "in_list"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """`column IN (SELECT … FROM the JSON parameter)`."""
        column, params = self.process_lhs(compiler, connection)
        document = self._document(compiler)
        if connection.vendor == "postgresql":
            cast = "::bigint" if isinstance(self.lhs.output_field, AutoField | BigAutoField) else ""
            return f"{column} IN (SELECT jsonb_array_elements_text(%s::jsonb){cast})", (*params, document)
        return f"{column} IN (SELECT value FROM json_each(%s))", (*params, document)

    def _document(self, compiler: Any) -> Any:
        """The list as JSON; where it is given later, as JSON too, the parameter that stands for it."""
        if not isinstance(self.rhs, BaseExpression):
            return json.dumps(list(self.rhs))
        ((parameter,),) = compiler.compile(self.rhs)[1:]
        return parameter


def _expression(field: Field[Any, Any], columns: Mapping[str, Any]) -> BaseExpression | Combinable:
    value = columns[field.name] if field.name in columns else field.get_default()
    if isinstance(value, BaseExpression | F | Combinable):
        return value
    if value is None:
        return Value(
            None, output_field=TextField()
        )  # with a JSON field, None would become the JSON word null
    return Value(value, output_field=_plain_field(field))


def _plain_field(field: Any) -> Any:
    return field.target_field if field.is_relation else field


def count_anew(*models: type[Model]) -> None:
    """Let PostgreSQL count these tables now: it plans by what it counted last. SQLite goes by its indexes alone."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def commit_with_the_next() -> None:
    """Do not wait for the disk at the end of this transaction: a later one that does takes it there too.

    For what may be lost as long as nothing that follows from it was kept (PostgreSQL manual,
    "Asynchronous Commit"). SQLite always waits.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO OFF")
