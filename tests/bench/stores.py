"""Where rows are kept while they are measured: databases filled once and copied for each run."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import psycopg
from psycopg import sql


class Store(Protocol):
    """A kind of database."""

    key: str
    label: str

    def create(self, name: str) -> str:
        """An empty database; its DATABASE_URL."""
        ...

    def address(self, name: str) -> str:
        """The DATABASE_URL of a database that was created."""
        ...

    def has(self, name: str) -> bool:
        """Was it created?"""
        ...

    def copy(self, name: str, to: str) -> None:
        """Another one with the same rows."""
        ...

    def copied(self, name: str) -> AbstractContextManager[str]:
        """A copy of it for the length of a block; its DATABASE_URL."""
        ...

    def drop_all(self) -> None:
        """Leave nothing behind."""
        ...


class SQLite:
    """Files in the folder of the bench: on a real disk, where a commit costs what it costs."""

    key = "sqlite"
    label = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "sqlite"
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)

    def create(self, name: str) -> str:
        """A file that does not exist yet."""
        return self.address(name)

    def address(self, name: str) -> str:
        """The file's address."""
        return f"sqlite:///{self._file(name)}"

    def has(self, name: str) -> bool:
        """Is the file there?"""
        return self._file(name).exists()

    def copy(self, name: str, to: str) -> None:
        """Another file with the same rows."""
        old, new = sqlite3.connect(self._file(name)), sqlite3.connect(self._file(to))
        with closing(old), closing(new):
            old.backup(new)

    @contextmanager
    def copied(self, name: str) -> Iterator[str]:
        """A copy of the file; gone afterwards."""
        self.copy(name, "copy")
        try:
            yield self.address("copy")
        finally:
            for end in ("", "-wal", "-shm"):
                Path(f"{self._file('copy')}{end}").unlink(missing_ok=True)

    def drop_all(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.sqlite3"


class PostgreSQL:
    """Databases of one server, named after this process."""

    key = "postgres"
    label = "PostgreSQL"

    def __init__(self, url: str) -> None:
        """`url`: a database that may or may not exist on a server where databases may be made."""
        self._url = url
        self._made: list[str] = []

    @property
    def version(self) -> str:
        """What the server calls itself."""
        with self._server() as connection:
            row = connection.execute("SHOW server_version").fetchone()
        return str(row[0]) if row else ""

    def create(self, name: str) -> str:
        """An empty database."""
        self._run("CREATE DATABASE {}", self._full(name))
        self._made.append(self._full(name))
        return self.address(name)

    def address(self, name: str) -> str:
        """The database's address."""
        return self._address(self._full(name))

    def has(self, name: str) -> bool:
        """Was it created here?"""
        return self._full(name) in self._made

    def copy(self, name: str, to: str) -> None:
        """Another one with the same rows, with statistics as after a day of work and nothing left to write."""
        with psycopg.connect(self.address(name), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        self._run("CREATE DATABASE {} TEMPLATE {}", self._full(to), self._full(name))
        self._made.append(self._full(to))
        self._run("CHECKPOINT")

    @contextmanager
    def copied(self, name: str) -> Iterator[str]:
        """A copy; gone afterwards."""
        self.copy(name, "copy")
        try:
            yield self.address("copy")
        finally:
            self._drop(self._full("copy"))

    def drop_all(self) -> None:
        """Drop what is left."""
        for name in list(self._made):
            self._drop(name)

    def _full(self, name: str) -> str:
        return f"bench_{os.getpid()}_{name}"

    def _drop(self, name: str) -> None:
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        self._made.remove(name)

    def _run(self, statement: str, *names: str) -> None:
        with self._server() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]

    def _server(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self._address("postgres"), autocommit=True)

    def _address(self, name: str) -> str:
        return urlsplit(self._url)._replace(path=f"/{name}").geturl()
