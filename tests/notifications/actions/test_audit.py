"""The audit log: every audited action leaves exactly one entry, with nothing secret in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from types import FunctionType

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError

from notifications import actions, encryption
from notifications.actions import broadcasts, credentials, imports, members, one_device, sign_in
from notifications.actions.audit import Actor, Facts, Refused
from notifications.actions.devices import import_rows
from notifications.actions.drafts import Draft
from notifications.importing.device_rows import DeviceRow
from notifications.models import (
    AuditEntry,
    Broadcast,
    BroadcastState,
    Credential,
    Device,
    DeviceImport,
    ImportState,
    InactiveReason,
    MessageState,
    Project,
    Role,
)
from tests.factories import make_account, make_broadcast, make_credential, make_device, make_operator
from tests.notifications.rows import make_crowd, queue_message, sending
from tests.notifications.uploads import line_of, make_import

SECRET, TOKEN, ADDRESS = "hush-hush-9", "ExponentPushToken[canary]", "ada@bells.example"
DRAFT = Draft(title="Evening song", body="At six.")


@pytest.fixture
def actor(operator: User) -> Actor:
    """An operator at a browser."""
    return Actor("operator", user_id=operator.pk, ip="192.0.2.7")


def _failed(project: Project) -> Broadcast:
    broadcast = sending(project)
    queue_message(project, broadcast=broadcast, state=MessageState.FAILED, reason="rejected")
    return broadcast


def _draft(project: Project) -> Broadcast:
    make_crowd(project, 1)
    return make_broadcast(project)


def _member(project: Project) -> User:
    return make_operator("member", project, Role.EDITOR)


def _row() -> DeviceRow:
    return DeviceRow(line=2, uid="ada", token=TOKEN, email=ADDRESS, name="Ada")


def _upload(project: Project) -> DeviceImport:
    return make_import(project, [line_of("ada", TOKEN, email=ADDRESS, name="Ada")], state=ImportState.PREVIEW)


def _device(project: Project) -> Device:
    make_credential(project)
    return make_device(project)


def _off(project: Project) -> Device:
    return make_device(project, is_active=False, inactive_reason=InactiveReason.REMOVED)


DONE: dict[str, Callable[[Actor, Project], Facts]] = {
    "broadcast.compose": lambda actor, project: broadcasts.compose(actor, project, DRAFT),
    "broadcast.edit": lambda actor, project: broadcasts.edit(actor, make_broadcast(project), DRAFT),
    "broadcast.star": lambda actor, project: broadcasts.star(actor, make_broadcast(project), starred=True),
    "broadcast.start": lambda actor, project: broadcasts.start(actor, _draft(project)),
    "broadcast.pause": lambda actor, project: broadcasts.pause(actor, sending(project)),
    "broadcast.resume": lambda actor, project: broadcasts.resume(
        actor, sending(project, state=BroadcastState.PAUSED)
    ),
    "broadcast.cancel": lambda actor, project: broadcasts.cancel(actor, sending(project)),
    "broadcast.retry": lambda actor, project: broadcasts.retry(actor, _failed(project), MessageState.FAILED),
    "message.retry": lambda actor, project: broadcasts.retry_message(
        actor, queue_message(project, state=MessageState.UNKNOWN, reason="no_answer")
    ),
    "credential.set_secrets": lambda actor, project: credentials.set_secrets(
        actor, make_credential(project), {"access_token": SECRET}
    ),
    "credential.pause": lambda actor, project: credentials.pause(actor, make_credential(project)),
    "credential.resume": lambda actor, project: credentials.resume(
        actor,
        make_credential(
            project, sealed_secrets=encryption.seal({"access_token": SECRET}), paused_reason="Paused by Ruth"
        ),
    ),
    "device.test": lambda actor, project: one_device.send_test(actor, _device(project), "Hello", "It works."),
    "device.switch_off": lambda actor, project: one_device.switch_off(actor, make_device(project)),
    "device.switch_on": lambda actor, project: one_device.switch_on(actor, _off(project)),
    "devices.import": lambda actor, project: import_rows(actor, project, [_row()]),
    "import.upload": lambda actor, project: imports.upload(
        actor, project, "Ada.csv", [f"uid,token,email\nada,{TOKEN},{ADDRESS}\n".encode()]
    ),
    "import.start": lambda actor, project: imports.start(actor, _upload(project)),
    "import.cancel": lambda actor, project: imports.cancel(actor, _upload(project)),
    "member.grant": lambda actor, project: members.grant(actor, project, make_account(project), Role.EDITOR),
    "member.remove": lambda actor, project: members.remove(actor, project, _member(project)),
    "login": lambda actor, project: sign_in.signed_in(actor, make_account(project, email=ADDRESS)),
    "login_failed": lambda actor, project: sign_in.sign_in_failed(
        actor, make_account(project, email=ADDRESS)
    ),
}
"""Each verb of the audit log, done once."""

REFUSED: dict[str, Callable[[Actor, Project], Facts]] = {
    "import.upload": lambda actor, project: imports.upload(actor, project, "Ada.csv", [b"name\nAda\n"]),
    "import.start": lambda actor, project: imports.start(
        actor, make_import(project, [], state=ImportState.CANCELLED)
    ),
    "import.cancel": lambda actor, project: imports.cancel(
        actor, make_import(project, [], state=ImportState.DONE)
    ),
    "device.test": lambda actor, project: one_device.send_test(actor, _off(project), "Hello", ""),
    "device.switch_off": lambda actor, project: one_device.switch_off(actor, _off(project)),
    "device.switch_on": lambda actor, project: one_device.switch_on(actor, make_device(project)),
    "member.remove": lambda actor, project: members.remove(actor, project, make_account(project)),
    "broadcast.edit": lambda actor, project: broadcasts.edit(actor, sending(project), DRAFT),
    "broadcast.start": lambda actor, project: broadcasts.start(actor, make_broadcast(project)),
    "broadcast.pause": lambda actor, project: broadcasts.pause(actor, make_broadcast(project)),
    "broadcast.resume": lambda actor, project: broadcasts.resume(actor, sending(project)),
    "broadcast.cancel": lambda actor, project: broadcasts.cancel(actor, make_broadcast(project)),
    "broadcast.retry": lambda actor, project: broadcasts.retry(actor, sending(project), MessageState.FAILED),
    "message.retry": lambda actor, project: broadcasts.retry_message(actor, queue_message(project)),
    "credential.pause": lambda actor, project: credentials.pause(
        actor, make_credential(project, paused_reason="UNAUTHORIZED: no")
    ),
    "credential.resume": lambda actor, project: credentials.resume(actor, make_credential(project)),
}


def verbs_in_the_code() -> set[str]:
    """The verbs of every audited function in notifications.actions."""
    modules = [import_module(f"{actions.__name__}.{each.name}") for each in iter_modules(actions.__path__)]
    functions = [
        value for module in modules for value in vars(module).values() if isinstance(value, FunctionType)
    ]
    return {each.audited_verb for each in functions if hasattr(each, "audited_verb")}


def test_no_verb_is_left_out() -> None:
    assert verbs_in_the_code() | {"devices.import"} == set(DONE)


@pytest.mark.parametrize("verb", DONE)
def test_it_leaves_one_entry(project: Project, actor: Actor, verb: str) -> None:
    DONE[verb](actor, project)
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor_id, entry.actor_name, entry.ip) == (
        verb,
        actor.user_id,
        "operator",
        "192.0.2.7",
    )


@pytest.mark.parametrize("verb", [verb for verb in DONE if not verb.startswith("login")])
def test_the_entry_belongs_to_the_project(project: Project, actor: Actor, verb: str) -> None:
    DONE[verb](actor, project)
    assert AuditEntry.objects.get().project_id == project.pk


@pytest.mark.parametrize("verb", DONE)
def test_the_entry_names_the_row(project: Project, actor: Actor, verb: str) -> None:
    DONE[verb](actor, project)
    kind, _, pk = AuditEntry.objects.get().target.partition(":")
    assert kind in ("project", "broadcast", "message", "credential", "user", "device", "deviceimport")
    assert pk.isdecimal()


@pytest.mark.parametrize("verb", DONE)
def test_nothing_secret_or_personal_is_in_it(project: Project, actor: Actor, verb: str) -> None:
    DONE[verb](actor, project)
    entry = AuditEntry.objects.get()
    text = json.dumps(entry.detail) + entry.target
    assert not [each for each in (SECRET, TOKEN, ADDRESS, "Ada", "Evening song") if each in text]


@pytest.mark.parametrize("verb", DONE)
def test_what_it_returns_is_what_was_written(project: Project, actor: Actor, verb: str) -> None:
    facts = DONE[verb](actor, project)
    assert AuditEntry.objects.get().detail == facts


@pytest.mark.parametrize("verb", REFUSED)
def test_a_refused_one_leaves_none(project: Project, actor: Actor, verb: str) -> None:
    with pytest.raises(Refused):
        REFUSED[verb](actor, project)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("verb", REFUSED)
def test_a_refusal_says_in_a_sentence_why(project: Project, actor: Actor, verb: str) -> None:
    with pytest.raises(Refused, match=r"^[A-Z].+\.$"):
        REFUSED[verb](actor, project)


def test_an_entry_and_its_action_stand_or_fall_together(project: Project) -> None:
    nameless = Actor(None)  # type: ignore[arg-type]
    credential = make_credential(project)
    with pytest.raises(IntegrityError):
        credentials.pause(nameless, credential)
    assert Credential.objects.get().paused_reason == ""


def test_a_command_without_an_account_leaves_one_too(project: Project) -> None:
    broadcasts.compose(Actor("demo"), project, DRAFT)
    entry = AuditEntry.objects.get()
    assert (entry.actor_id, entry.actor_name, entry.ip) == (None, "demo", None)


def test_an_import_that_breaks_off_leaves_one(project: Project, actor: Actor) -> None:
    def breaking() -> object:
        yield _row()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_rows(actor, project, breaking())  # type: ignore[arg-type]
    assert AuditEntry.objects.get().detail["added"] == 0
