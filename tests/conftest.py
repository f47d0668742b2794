"""What all tests share: a project, a standing cast of operators, the fake Expo, and a clock that is set right again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from importlib import import_module

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from notifications import clock
from notifications.channels import push
from notifications.models import Project, Role
from tests.factories import make_operator, make_project
from tests.fakes.process import FakeExpo

audit_guard = import_module("notifications.migrations.0003_append_only_audit")


@pytest.fixture(autouse=True)
def clock_is_right() -> Iterator[None]:
    """A test that turns the clock leaves it right for the next one."""
    yield
    clock.reset()


@pytest.fixture(autouse=True)
def passwords_are_cheap(settings: Settings) -> None:
    """A hash that is meant to be slow would be most of what a test does."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> None:
    """Each test has a database of its own: what the push channel remembers of another one's rows must go."""
    push.forget()


@pytest.fixture
def project(db: None) -> Project:
    """The default project."""
    return Project.objects.default()


@pytest.fixture
def other_project(db: None) -> Project:
    """Somebody else's project."""
    return make_project("elsewhere", name="Elsewhere")


@pytest.fixture
def operator(db: None) -> User:
    """A superuser: admin everywhere."""
    return make_operator("operator")


@pytest.fixture
def signed_in(operator: User) -> Client:
    """The superuser's browser."""
    return _browser_of(operator)


@pytest.fixture
def member(project: Project) -> Callable[[Role], Client]:
    """The browser of an operator with this role in the default project."""
    return lambda role: _browser_of(make_operator(project=project, role=role))


@pytest.fixture
def outsider(other_project: Project) -> Client:
    """The browser of an admin of another project."""
    return _browser_of(make_operator("outsider", other_project, Role.ADMIN))


@pytest.fixture(scope="session")
def _expo_process() -> Iterator[FakeExpo]:
    with FakeExpo() as fake:
        yield fake


@pytest.fixture
def expo(_expo_process: FakeExpo, settings: pytest.FixtureRequest) -> FakeExpo:
    """The fake Expo, empty and well-behaved; every project speaks to it, without a rate limit."""
    _expo_process.reset()
    settings.EXPO_NOTIFICATIONS_HOST = _expo_process.url  # type: ignore[attr-defined]
    settings.EXPO_NOTIFICATIONS_RATE = 0  # type: ignore[attr-defined]
    return _expo_process


def _browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def _as_migrated(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    # The mark would empty the tables after this, not before.
    assert request.node.get_closest_marker("django_db") is None, (
        "`committed` stands without the mark django_db"
    )
    yield
    with django_db_blocker.unblock():
        Project.objects.get_or_create(is_default=True, defaults={"name": "Default", "slug": "default"})
        with connection.schema_editor() as editor:
            audit_guard.refuse(None, editor)


@pytest.fixture
def committed(_as_migrated: None, transactional_db: None) -> Iterator[Project]:
    """The default project in a database where transactions really commit: threads see what others did."""
    yield Project.objects.default()
    # The tables are emptied next, and the guard would refuse to give up the audit entries.
    with connection.schema_editor() as editor:
        audit_guard.allow(None, editor)


@pytest.fixture
def broken_queue() -> Iterator[None]:
    """A queue that cannot be written to."""
    storage = django_settings.HUEY.storage
    if django_settings.REDIS_URL:
        kwargs = storage.pool.connection_kwargs
        port = kwargs["port"]
        kwargs["port"] = 1
        storage.pool.reset()
        yield
        kwargs["port"] = port
        storage.pool.reset()
    else:
        with sqlite3.connect(storage.filename) as queue:
            queue.execute("ALTER TABLE task RENAME TO elsewhere")
        yield
        with sqlite3.connect(storage.filename) as queue:
            queue.execute("ALTER TABLE elsewhere RENAME TO task")
