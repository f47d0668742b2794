"""Prepared reads: querysets whose SQL is built once. Django takes longer to write a large query than to run it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import orjson
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, BinaryField, Field, FloatField, Func, JSONField, QuerySet
from django.db.models.expressions import Expression


@dataclass(frozen=True, slots=True)
class _Slot:
    """The place of a parameter among those of a finished query."""

    name: str
    field: Field[Any, Any]


class Parameter(Expression):
    """A value that is given when the query runs. Stands wherever a queryset takes a value of that type."""

    def __init__(self, name: str, output_field: Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self._slot = _Slot(name, output_field)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """A placeholder; its value is the slot, until the query runs."""
        return "%s", [self._slot]


class EpochSeconds(Func):
    """A moment as whole Unix seconds: a number is read a hundred times faster than a moment."""

    output_field = BigIntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite keeps moments as texts, and would round to the nearest thousandth of a second."""
        template = "CAST(strftime('%%%%s', substr(%(expressions)s, 1, 19)) AS INTEGER)"
        return super().as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """PostgreSQL counts with fractions; they are cut off."""
        template = "floor(EXTRACT(EPOCH FROM %(expressions)s))::bigint"
        return super().as_sql(compiler, connection, template=template, **context)


class Seconds(Func):
    """A span of time as whole seconds; SQLite keeps microseconds."""

    output_field = BigIntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Cut off, as PostgreSQL's."""
        return super().as_sql(compiler, connection, template="(%(expressions)s / 1000000)", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """PostgreSQL counts with fractions; they are cut off."""
        template = "trunc(EXTRACT(EPOCH FROM %(expressions)s))::bigint"
        return super().as_sql(compiler, connection, template=template, **context)


_NOT_IN_JSON = (BinaryField, FloatField)
Row = TypeVar("Row")
Moment = datetime | Parameter
"""A time in a queryset that is built once as well as for one use."""


@dataclass(frozen=True, slots=True)
class _Written:
    sql: str
    parameters: Sequence[Any]
    converters: Sequence[tuple[int, Sequence[Callable[..., Any]], Any]]
    """Place of a column, what makes Django's value of the database's, and the expression it came from."""
    is_document: bool
    """Are the rows one JSON text?"""


class Prepared:
    """A read of several columns (`values_list`), built at its first use on each kind of database."""

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        self._build = build
        self._written: dict[str, _Written] = {}

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """The rows, with these values for its parameters; each column as Django would read it.

        Rows with the same value in a column share it: do not change it in place.
        """
        return self.made(tuple, **values)

    def made(self, make: Callable[[Sequence[Any]], Row], **values: Any) -> list[Row]:
        """The same rows, each as what `make` makes of its columns."""
        try:
            written = self._written.get(connection.vendor) or self._write()
        except EmptyResultSet:  # Django knows without asking that there is none
            return []
        parameters = [
            each.field.get_db_prep_value(values[each.name], connection) if isinstance(each, _Slot) else each
            for each in written.parameters
        ]
        rows = _fetched(written, parameters)
        for place, converters, expression in written.converters:
            for row, value in zip(
                rows, _converted([row[place] for row in rows], converters, expression), strict=True
            ):
                row[place] = value
        return list(map(make, rows))

    def _write(self) -> _Written:
        compiler = self._build().query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        found = compiler.get_converters([expression for expression, _, _ in compiler.select])
        converters = [(place, convert, expression) for place, (convert, expression) in found.items()]
        fields = [expression.output_field for expression, _, _ in compiler.select]
        # Bytes, and numbers with fractions, would not come out of SQLite's JSON as they are.
        is_document = connection.vendor == "sqlite" and not any(
            isinstance(each, _NOT_IN_JSON) for each in fields
        )
        if is_document:
            sql = _as_document(sql, len(compiler.select))
        written = self._written[connection.vendor] = _Written(sql, parameters, converters, is_document)
        return written


def _as_document(sql: str, width: int) -> str:
    """The rows of this query as one JSON text.

    SQLite's driver lets go of the interpreter for every row it reads, and may wait for it each time.
    """
    names = ", ".join(f"c{place}" for place in range(width))
    # Materialized: so JSON stays the text that it is, and rows keep their order.
    return f"WITH r({names}) AS MATERIALIZED ({sql}) SELECT json_group_array(json_array({names})) FROM r"  # noqa: S608


def _fetched(written: _Written, parameters: Sequence[Any]) -> list[list[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(written.sql, parameters)
        if not written.is_document:
            return list(map(list, cursor.fetchall()))
        rows: list[list[Any]] = orjson.loads(cursor.fetchone()[0])
        return rows


def _converted(
    column: Sequence[Any], converters: Sequence[Callable[..., Any]], expression: Any
) -> Sequence[Any]:
    """A column as Django would read it, where every value is read once."""
    fresh = set(column)
    if fresh <= {None}:
        return column
    field = expression.output_field
    if isinstance(field, JSONField) and field.decoder is None and set(map(type, fresh)) == {str}:
        return _all_documents(column, fresh)
    read: dict[Any, Any] = {None: None}
    for value in fresh - {None}:
        found = value
        for convert in converters:
            found = convert(found, expression, connection)
        read[value] = found
    return [read[value] for value in column]


def _all_documents(column: Sequence[str], fresh: set[str]) -> Sequence[Any]:
    """Documents read as one, at half of the cost; not by orjson, which cuts numbers of more than 64 bits short."""
    if len(fresh) == len(column):
        return list(json.loads(f"[{','.join(column)}]"))
    read = dict(zip(fresh, json.loads(f"[{','.join(fresh)}]"), strict=True))
    return [read[value] for value in column]
