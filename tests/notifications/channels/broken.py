"""Channels that each break one promise, to show that the contract notices."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from notifications import wire
from notifications.audience import Audience
from notifications.channels.base import BaseChannel, Cursor, Slice
from notifications.channels.push import PushChannel
from notifications.models import AudienceKind, Broadcast, Device, Message, Project, Suppression


class _Push(PushChannel):
    """The push channel with a step of its own before or after each slice."""

    def expand(
        self, broadcast: Broadcast, audience: Audience, cursor: Cursor, size: int, now: datetime
    ) -> Slice:
        return self.after(broadcast, super().expand(broadcast, audience, cursor, size, now), cursor)

    def after(self, broadcast: Broadcast, part: Slice, cursor: Cursor) -> Slice:
        return part


class Nameless(_Push):
    """Has no name for people."""

    label = ""


class Lazy(_Push):
    """Leaves out the last of each slice."""

    def after(self, broadcast: Broadcast, part: Slice, cursor: Cursor) -> Slice:
        last = Message.objects.filter(broadcast=broadcast).last()
        if last:
            last.delete()
        return part


class Twice(_Push):
    """Writes every copy twice."""

    def after(self, broadcast: Broadcast, part: Slice, cursor: Cursor) -> Slice:
        written = Message.objects.filter(broadcast=broadcast, device__isnull=False).exclude(key__endswith="+")
        again = [_copy(message, f"{message.key}+") for message in written]
        Message.objects.bulk_create(again, ignore_conflicts=True)
        return part


class Forgetful(_Push):
    """Does not know what it has written when it is asked again."""

    def after(self, broadcast: Broadcast, part: Slice, cursor: Cursor) -> Slice:
        for message in Message.objects.filter(broadcast=broadcast, key__startswith="b:"):
            Message.objects.filter(pk=message.pk).update(key=f"forgotten:{message.pk}")
        return part


class Reticent(_Push):
    """Says of nobody why."""

    def after(self, broadcast: Broadcast, part: Slice, cursor: Cursor) -> Slice:
        Suppression.objects.filter(broadcast=broadcast).delete()
        return part


class Generous(_Push):
    """Takes everybody for meant."""

    def expand(
        self, broadcast: Broadcast, audience: Audience, cursor: Cursor, size: int, now: datetime
    ) -> Slice:
        everybody = replace(audience, kind=AudienceKind.EVERYONE)
        return super().expand(broadcast, everybody, cursor, size, now)


class Nosy(_Push):
    """Writes to the people of other projects as well."""

    def after(self, broadcast: Broadcast, part: Slice, cursor: Cursor) -> Slice:
        for project in Project.objects.exclude(pk=broadcast.project_id):
            strangers = Device.objects.filter(project=project)
            Message.objects.bulk_create(
                [
                    Message(
                        project=broadcast.project,
                        channel=self.key,
                        device=device,
                        broadcast=broadcast,
                        key=f"n:{device.pk}",
                    )
                    for device in strangers
                ],
                ignore_conflicts=True,
            )
        return part


class Impatient(_Push):
    """Takes the whole audience at once, whatever size a slice has."""

    def expand(
        self, broadcast: Broadcast, audience: Audience, cursor: Cursor, size: int, now: datetime
    ) -> Slice:
        return super().expand(broadcast, audience, cursor, 10_000, now)


class Rewinding(_Push):
    """Begins from the start each time."""

    def expand(
        self, broadcast: Broadcast, audience: Audience, cursor: Cursor, size: int, now: datetime
    ) -> Slice:
        return super().expand(broadcast, audience, replace(cursor, after=0), size, now)


class Restless(_Push):
    """Never says that it is done."""

    def after(self, broadcast: Broadcast, part: Slice, cursor: Cursor) -> Slice:
        return replace(part, cursor=cursor) if part.cursor.is_done else part


class Boastful(_Push):
    """Counts more than it wrote."""

    def after(self, broadcast: Broadcast, part: Slice, cursor: Cursor) -> Slice:
        return replace(part, messages=part.messages + 1)


class Modest(_Push):
    """Counts no suppressions."""

    def after(self, broadcast: Broadcast, part: Slice, cursor: Cursor) -> Slice:
        return replace(part, suppressions=0)


class RowByRow(_Push):
    """Asks the database about each copy."""

    def after(self, broadcast: Broadcast, part: Slice, cursor: Cursor) -> Slice:
        for message in Message.objects.filter(broadcast=broadcast):
            message.refresh_from_db()
        return part


class Fussy(_Push):
    """Finds fault with everything."""

    def check_content(self, broadcast: Broadcast) -> list[wire.Problem]:
        return [wire.Problem(field="title", message="No.")]


class Careless(_Push):
    """Finds fault with nothing."""

    def check_content(self, broadcast: Broadcast) -> list[wire.Problem]:
        return []


class Vague(_Push):
    """Finds fault, but does not say where."""

    def check_content(self, broadcast: Broadcast) -> list[wire.Problem]:
        return [replace(each, field="something") for each in super().check_content(broadcast)]


def _copy(message: Message, key: str) -> Message:
    return Message(
        project=message.project,
        channel=message.channel,
        provider=message.provider,
        device=message.device,
        broadcast=message.broadcast,
        key=key,
    )


BROKEN: dict[str, list[type[BaseChannel]]] = {
    "test_it_answers_to_its_key_and_has_a_name": [Nameless],
    "test_everybody_gets_a_copy": [Lazy, Rewinding],
    "test_nobody_gets_two": [Twice],
    "test_a_slice_that_is_repeated_doubles_nobody": [Twice, Forgetful],
    "test_everybody_ends_with_a_copy_or_a_reason": [Lazy, Reticent],
    "test_only_those_who_are_meant_get_one": [Generous],
    "test_it_touches_nobody_of_another_project": [Nosy],
    "test_each_slice_goes_on_where_the_last_one_stopped": [Impatient, Rewinding],
    "test_it_goes_on_from_a_cursor_that_was_saved": [Impatient, Rewinding],
    "test_it_comes_to_an_end": [Restless, Rewinding],
    "test_it_counts_what_it_wrote": [Boastful, Modest],
    "test_a_large_slice_takes_no_more_queries_than_a_small_one": [RowByRow],
    "test_it_finds_nothing_wrong_with_ordinary_words": [Fussy],
    "test_it_names_the_field_of_what_it_does_not_carry": [Careless, Vague],
}
"""Which promise → the channels that break it."""
