"""The invariants: silent on good rows, and each of them fires on bad ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import F, Model
from pytest_django import Settings

from notifications import clock, invariants
from notifications.actions import broadcasts
from notifications.models import (
    AudienceKind,
    Batch,
    Broadcast,
    BroadcastState,
    Credential,
    Device,
    Identity,
    Message,
    MessageState,
    Notification,
    Project,
    Receipt,
    Suppression,
    Ticket,
)
from notifications.pipeline import expand, receipts
from tests.factories import make_account, make_broadcast, make_credential, make_project
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind, Match
from tests.fakes.process import FakeExpo
from tests.notifications.rows import ACTOR, HOUR, make_crowd, queue_message
from tests.notifications.stepping import send_step

LONG_AGO = timedelta(days=30)


@pytest.fixture
def good(project: Project, expo: FakeExpo) -> Project:
    """A broadcast that went all the way: three delivered, one gone, one person without a device."""
    make_crowd(project, 4)
    make_account(project, "bare")
    expo.faults(on_send(Kind.TICKET_ERROR, Match(times=1, token="Expo"), code="DeviceNotRegistered"))
    broadcasts.start(ACTOR, make_broadcast(project))
    while expand.step().more or send_step().messages:
        pass
    clock.turn(timedelta(minutes=30))
    receipts.step()
    expand.step()
    clock.reset()
    return project


def fired() -> dict[str, list[str]]:
    """Number of each invariant that does not hold → the rows it names."""
    return {each.number: names for each, names in invariants.check()}


def _message() -> Message:
    return Message.objects.filter(state=MessageState.DELIVERED)[0]


def _change(message: Message, **fields: object) -> str:
    Message.objects.filter(pk=message.pk).update(**fields)
    return f"Message {message.pk}"


def _batch(project: Project, **fields: object) -> Batch:
    now = clock.now()
    defaults = {"size": 0, "created_at": now, "leased_until": now + timedelta(minutes=1), "finished_at": now}
    return Batch.objects.create(credential=make_credential(project), **{**defaults, **fields})


def _open_batch_of_long_ago(project: Project) -> str:
    then = clock.now() - LONG_AGO
    return str(_batch(project, finished_at=None, created_at=then, leased_until=then)).replace("#", "")


def _started_after_its_lease(project: Project) -> str:
    now = clock.now()
    return str(_batch(project, started_at=now, leased_until=now)).replace("#", "")


def _ticket_gone(project: Project) -> str:
    ticket = Ticket.objects.filter(message=_message())[0]
    Ticket.objects.filter(pk=ticket.pk).delete()
    return f"Batch {ticket.batch_id}"


def _accepted_twice(project: Project) -> str:
    message = _message()
    Ticket.objects.create(message=message, batch=_batch(project, size=1), outcome="accepted", is_success=True)
    return f"Message {message.pk}"


def _counter(name: str, by: int = 1) -> Callable[[Project], str]:
    def wrong(project: Project) -> str:
        Broadcast.objects.update(**{name: F(name) + by})
        return f"Broadcast {Broadcast.objects.get().pk}"

    return wrong


def _reason_gone(project: Project) -> str:
    Suppression.objects.filter(pk=Suppression.objects.all()[0].pk).delete()
    return f"Broadcast {Broadcast.objects.get().pk}"


def _forgotten_copy(project: Project) -> str:
    broadcast = Broadcast.objects.get()
    queue_message(project, broadcast=broadcast)
    return f"Broadcast {broadcast.pk}"


def _replayed_after_the_end(project: Project) -> str:
    _change(_message(), state=MessageState.QUEUED, replays=1)
    return f"Broadcast {Broadcast.objects.get().pk}"


def _bell_lost(project: Project) -> str:
    Identity.objects.update(created_at=clock.now() - HOUR)
    Notification.objects.filter(user__identities__uid="p1").delete()
    return f"Broadcast {Broadcast.objects.get().pk}"


def _reason_lost(project: Project) -> str:
    Identity.objects.update(created_at=clock.now() - HOUR)
    return _reason_gone(project)


def _bell_lost_that_was_named(project: Project) -> str:
    Broadcast.objects.update(audience_kind=AudienceKind.UIDS, audience_uids=["p1", "p2"])
    return _bell_lost(project)


def _after_cancel(project: Project) -> str:
    Broadcast.objects.update(state=BroadcastState.CANCELLED, finished_at=clock.now() - HOUR)
    return f"Ticket {Ticket.objects.order_by('pk')[0].pk}"


def _after_retirement(project: Project) -> str:
    device = _message().device
    assert device is not None
    Device.objects.filter(pk=device.pk).update(is_active=False, date_retired=clock.now() - HOUR)
    return f"Ticket {Ticket.objects.get(message__device=device).pk}"


def _after_expiry(project: Project) -> str:
    message = _message()
    _change(message, expires_at=clock.now() - HOUR)
    return f"Ticket {Ticket.objects.get(message=message).pk}"


def _gone_without_a_word(project: Project) -> str:
    device = _message().device
    assert device is not None
    Device.objects.filter(pk=device.pk).update(is_active=False, inactive_reason="gone")
    return f"Device {device.pk}"


def _sent_while_paused(project: Project) -> str:
    Credential.objects.update(paused_reason="by hand", paused_at=clock.now() - HOUR)
    return f"Batch {Batch.objects.order_by('pk')[0].pk}"


def _too_fast(project: Project) -> str:
    then = clock.now() - HOUR
    batches = [_batch(project, started_at=then + timedelta(milliseconds=n)) for n in range(7)]
    Batch.objects.filter(pk__in=[each.pk for each in batches]).update(size=100)
    return f"Batch {batches[0].pk}"


def _strange_device(project: Project) -> str:
    message = _message()
    Device.objects.filter(pk=message.device_id).update(project=make_project())
    return f"Message {message.pk}"


def _strange_broadcast(project: Project) -> str:
    Broadcast.objects.update(expanded_messages=F("expanded_messages") - 1)
    stranger = make_broadcast(make_project(), expanded_messages=1)
    message = _message()
    return _change(message, broadcast=stranger)


def _strange_batch(project: Project) -> str:
    return _change(_message(), batch=_batch(make_project()))


def _strange_notification(project: Project) -> str:
    notification = Notification.objects.all()[0]
    Notification.objects.filter(pk=notification.pk).update(project=make_project())
    return f"Notification {notification.pk}"


def _ticket_of_no_batch(project: Project) -> str:
    ticket = Ticket.objects.all()[0]
    Batch.objects.filter(pk=ticket.batch_id)._raw_delete("default")
    return f"Ticket {ticket.pk}"


def _asked_with_no_key(project: Project) -> str:
    ticket = Ticket.objects.all()[0]
    Ticket.objects.filter(pk=ticket.pk).update(asked_with=10**9)
    return f"Ticket {ticket.pk}"


def _receipt_of_no_ticket(project: Project) -> str:
    receipt = Receipt.objects.all()[0]
    Ticket.objects.filter(pk=receipt.ticket_id)._raw_delete("default")
    return f"Receipt {receipt.pk}"


def _message_of_no_batch(project: Project) -> str:
    message = _message()
    Batch.objects.filter(pk=message.batch_id)._raw_delete("default")
    return f"Message {message.pk}"


def _notification_of_no_user(project: Project) -> str:
    notification = _notification(project)
    User.objects.filter(pk=notification.user_id)._raw_delete("default")
    return f"Notification {notification.pk}"


def _notification_of_no_project(project: Project) -> str:
    notification = _notification(make_project())
    Project.objects.filter(pk=notification.project_id)._raw_delete("default")
    return f"Notification {notification.pk}"


def _notification(project: Project) -> Notification:
    """Of somebody who belongs to nothing else."""
    user = User.objects.create_user("somebody")
    return Notification.objects.create(project=project, user=user, kind="shop.sold")


def _open_secret(project: Project) -> str:
    Credential.objects.update(sealed_secrets='{"access_token": "hush"}')
    return f"Credential {Credential.objects.get().pk}"


BAD: list[tuple[str, Callable[[Project], str]]] = [
    ("1", _open_batch_of_long_ago),
    ("2a", lambda project: _change(_message(), state=MessageState.SENDING)),
    ("2a", lambda project: _change(_message(), state=MessageState.SENDING, batch=None)),
    ("2b", _started_after_its_lease),
    ("3", _ticket_gone),
    ("4", _accepted_twice),
    ("5a", _counter("expanded_messages")),
    ("5a", _counter("expanded_notifications", -1)),
    ("5a", _counter("expanded_suppressions")),
    ("5a", _reason_gone),
    ("5b", _forgotten_copy),
    ("5b", _replayed_after_the_end),
    ("5c", lambda project: _change(_message(), state=MessageState.FAILED)),
    ("5c", lambda project: _change(_message(), state=MessageState.CANCELLED)),
    ("5d", _bell_lost),
    ("5d", _bell_lost_that_was_named),
    ("5d", _reason_lost),
    ("6", lambda project: _change(_message(), attempts=9)),
    ("6", lambda project: _change(_message(), rescues=4)),
    ("7", _after_cancel),
    ("7", _after_retirement),
    ("7", _after_expiry),
    ("8a", _gone_without_a_word),
    ("8b", _sent_while_paused),
    ("11", _too_fast),
    ("12a", _strange_device),
    ("12a", _strange_broadcast),
    ("12a", _strange_batch),
    ("12a", _strange_notification),
    ("12b", _asked_with_no_key),
    ("12b", _ticket_of_no_batch),
    ("12b", _receipt_of_no_ticket),
    ("12b", _message_of_no_batch),
    ("12b", _notification_of_no_user),
    ("12b", _notification_of_no_project),
    ("13", _open_secret),
]
"""Which invariant → how to break it; each names the row that it spoils."""


def test_they_are_silent_on_good_rows(good: Project) -> None:
    assert Message.objects.filter(state=MessageState.DELIVERED).count() == 3
    assert fired() == {}


def test_they_are_silent_on_no_rows_at_all(project: Project) -> None:
    assert fired() == {}


@pytest.mark.parametrize(("number", "spoil"), BAD)
def test_each_fires_on_bad_rows(
    good: Project, settings: Settings, number: str, spoil: Callable[[Project], str]
) -> None:
    settings.EXPO_NOTIFICATIONS_RATE = 600
    spoilt = spoil(good)
    assert spoilt in fired().get(number, [])


@pytest.mark.parametrize("model", [User, Device])
def test_they_are_silent_when_people_or_devices_are_deleted(good: Project, model: type[Model]) -> None:
    model._default_manager.all().delete()
    assert fired() == {}


def test_somebody_who_was_not_meant_is_not_lost(good: Project) -> None:
    _bell_lost(good)
    Broadcast.objects.update(audience_kind=AudienceKind.UIDS, audience_uids=["p0", "p2"])
    assert "5d" not in fired()


def test_nor_is_somebody_who_came_later(good: Project) -> None:
    make_account(good, "late")
    Identity.objects.update(created_at=clock.now() + HOUR)
    assert fired() == {}


def test_who_is_lost_is_looked_for_as_long_as_reasons_are_kept(good: Project) -> None:
    _bell_lost(good)
    clock.turn(timedelta(days=31))
    assert "5d" not in fired()


def test_none_was_never_seen_firing() -> None:
    assert {each.number for each in invariants.INVARIANTS} == {number for number, _ in BAD}


def test_each_says_what_must_hold() -> None:
    assert all(each.says for each in invariants.INVARIANTS)


def test_it_names_ten_rows_and_no_more(project: Project) -> None:
    for _ in range(12):
        queue_message(project, state=MessageState.FAILED)
    assert len(fired()["5c"]) == 10


def test_a_copy_that_was_replayed_may_be_accepted_twice(good: Project) -> None:
    _accepted_twice(good)
    Message.objects.update(replays=1)
    assert "4" not in fired()


def test_a_copy_whose_answer_was_lost_may_be_accepted_twice(good: Project) -> None:
    _accepted_twice(good)
    Ticket.objects.create(
        message=_message(), batch=_batch(good, size=1), outcome="ambiguous", is_success=False
    )
    assert "4" not in fired()
