"""Rows given as columns, as SQL: PostgreSQL reads an array for each column, SQLite one JSON text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import orjson
from django.db import connection
from django.db.models import JSONField
from django.utils.duration import duration_iso_string

PASSING = {str, int, bool, type(None)}
"""Types of values that stand in a JSON document or an array as they are."""
MOMENTS = {datetime, type(None)}


@cache
def column_of(field: Any) -> str:
    """The quoted name of a field's column, the same for both kinds of database."""
    return connection.ops.quote_name(field.column)


def rows_sql(fields: Mapping[str, Any], columns: Mapping[str, Sequence[Any]]) -> tuple[str, list[Any]]:
    """The rows as a derived table with one column `new_<field>` per field, and its parameters.

    What all rows agree on is sent once; the rest as lists, which is ten times cheaper than a parameter for each value.
    """
    is_postgres = connection.vendor == "postgresql"
    selected: list[str] = []
    parameters: list[Any] = []
    lists: dict[str, Sequence[Any]] = {}
    for name, field in fields.items():
        values = columns[name]
        if _agree(field, values):
            selected.append(f"{_value(field, is_postgres)} AS new_{name}")
            parameters += _written(field, values[:1])
        else:
            selected.append(f"{_entry(len(lists), is_postgres)} AS new_{name}")
            lists[name] = _written(field, values)
    size = len(next(iter(columns.values())))
    source, documents = _lists_sql({fields[name]: values for name, values in lists.items()}, size)
    return f"(SELECT {', '.join(selected)} FROM {source})", [*parameters, *documents]


def _lists_sql(lists: Mapping[Any, Sequence[Any]], size: int) -> tuple[str, list[str]]:
    """So many rows of these lists, and their parameters: PostgreSQL takes an array for each, SQLite one JSON text."""
    if connection.vendor != "postgresql":
        rows = list(zip(*lists.values(), strict=True)) if lists else [()] * size
        return "json_each(%s)", [_document_of(rows)]
    if not lists:
        return f"generate_series(1, {size})", []
    arrays = ", ".join(f"%s::{_array_type(field)}[]" for field in lists)
    names = ", ".join(f"c{place}" for place in range(len(lists)))
    return f"unnest({arrays}) AS r({names})", [array_of(values) for values in lists.values()]


def _document_of(rows: Sequence[Any]) -> str:
    try:
        return orjson.dumps(rows).decode()
    except (
        TypeError
    ):  # a number of more than 64 bits; and half a character, which the driver refuses in words then
        return json.dumps(rows, ensure_ascii=False)


def array_of(values: Sequence[Any]) -> str:
    """Numbers, texts or None as PostgreSQL reads an array (manual, "Array Input and Output Syntax")."""
    if set(map(type, values)) == {int}:
        return "{" + ",".join(map(str, values)) + "}"
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    text = value if isinstance(value, str) else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _agree(field: Any, values: Sequence[Any]) -> bool:
    """Are they all the same? In JSON 1 and true are not, though Python says so."""
    first = values[0]
    if isinstance(field, JSONField):
        return all(value is first for value in values)
    return bool(values[-1] == first) and values.count(first) == len(values)


def _entry(place: int, is_postgres: bool) -> str:
    """What stands at this place of a row."""
    return f"c{place}" if is_postgres else f"json_extract(value, '$[{place}]')"


@cache
def _array_type(field: Any) -> str:
    """The type of a field's values in an array on PostgreSQL; without a length, as in `_value`."""
    return _type(field).partition("(")[0]


def _value(field: Any, is_postgres: bool) -> str:
    """PostgreSQL is told the type, but no length: a cast would cut off what is too long, without a word."""
    return f"%s::{_array_type(field)}" if is_postgres else "%s"


def _written(field: Any, values: Sequence[Any]) -> Sequence[Any]:
    """A column's values, each like `_plain`; numbers and texts pass, and what comes often is converted once."""
    if not isinstance(field, JSONField):
        kinds = set(map(type, values))
        if kinds <= PASSING:
            return values
        if kinds <= MOMENTS:
            write = _moment_writer(field)
            known = {value: write(value) for value in set(values)}
            return [known[value] for value in values]
    return [_plain(field, value) for value in values]


def _moment_writer(field: Any) -> Callable[[datetime | None], Any]:
    """Does what Django makes of a time, for one in UTC at a tenth of the cost."""
    is_postgres = connection.vendor == "postgresql"

    def write(value: datetime | None) -> Any:
        if value is None or value.tzinfo is not UTC:
            return _plain(field, value)
        return value.isoformat() if is_postgres else value.isoformat(" ")[: -len("+00:00")]

    return write


def _type(field: Any) -> str:
    """The column type without identity or serial clauses."""
    return str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))


def _plain(field: Any, value: Any) -> Any:
    """A value as the database of this connection writes it, fit for a JSON document or an array."""
    if isinstance(field, JSONField):
        return None if value is None else json.dumps(value)
    prepared = field.get_db_prep_save(value, connection)
    if isinstance(prepared, datetime):
        return prepared.isoformat()
    return duration_iso_string(prepared) if isinstance(prepared, timedelta) else prepared
