"""Rows of every model in the administration, each with rows beside it."""

from __future__ import annotations

from django.contrib.auth.models import User

from notifications.models import (
    AuditEntry,
    Broadcast,
    ChannelPreference,
    NotificationPreference,
    Project,
    Recipient,
    Role,
    Suppression,
    SuppressionReason,
)
from tests.dashboard.copies import answer, leave_out, ring
from tests.factories import (
    make_account,
    make_broadcast,
    make_device,
    make_message,
    make_operator,
    make_project,
)


def make_all(number: int) -> None:
    """So many of each, in different projects, for different people."""
    for _ in range(number):
        make_one_of_each()


def make_one_of_each() -> None:
    """A project with a team, a person, a device, a broadcast, a message and all that came of it."""
    project = make_project()
    make_operator(project=project, role=Role.SENDER)
    person = make_account(project)
    Recipient.objects.create(user=person)
    NotificationPreference.objects.create(user=person, kind="shop.sold", enabled=False)
    ChannelPreference.objects.create(user=person, channel="email")
    refuse(person, project)
    broadcast = make_broadcast(project, created_by=person)
    _copies(project, broadcast)
    ring(broadcast, person)
    leave_out(broadcast, "nobody")
    AuditEntry.objects.create(project=project, actor_name="ada", verb="broadcast.start", target="broadcast:1")


def refuse(person: User, project: Project) -> None:
    """This person is not told of something that was sold."""
    Suppression.objects.create(
        user=person, project=project, kind="shop.sold", key="e:1", reason=SuppressionReason.OPTED_OUT
    )


def _copies(project: Project, broadcast: Broadcast) -> None:
    device = make_device(project, make_account(project), lang="en")
    message = make_message(device, broadcast, state="delivered", channel_id="news")
    answer(message, receipt="")
    answer(make_message(device, state="failed"), "gone", "DeviceNotRegistered")
