"""What every channel promises, as tests that each channel's own test file inherits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import channels, clock
from notifications.audience import Audience
from notifications.channels.base import BaseChannel, Cursor, Slice
from notifications.models import Broadcast, Notification, Project, Suppression
from tests.factories import make_account, make_project
from tests.notifications.rows import make_crowd, mute, sending

ENDLESS = 30
"""Slices after which a walk counts as one without end."""


class ChannelContract(ABC):
    """The promises of any channel."""

    key: ClassVar[str]

    @abstractmethod
    def copies(self, broadcast: Broadcast) -> list[str]:
        """What the project calls the owner of each copy that was written."""

    def subject(self) -> BaseChannel:
        """The channel under test."""
        return channels.get(self.key)

    def test_it_answers_to_its_key_and_has_a_name(self, project: Project) -> None:
        assert self.subject().key == self.key
        assert self.subject().label

    def test_everybody_gets_a_copy(self, project: Project) -> None:
        make_crowd(project, 5)
        broadcast = self.broadcast(project)
        self.write_out(broadcast)
        assert set(self.copies(broadcast)) == {f"p{number}" for number in range(5)}

    def test_nobody_gets_two(self, project: Project) -> None:
        make_crowd(project, 5)
        broadcast = self.broadcast(project)
        self.write_out(broadcast)
        assert set(Counter(self.copies(broadcast)).values()) == {1}

    def test_a_slice_that_is_repeated_doubles_nobody(self, project: Project) -> None:
        make_crowd(project, 5)
        broadcast = self.broadcast(project)
        self.write_out(broadcast)
        self.write_out(broadcast)
        assert len(self.copies(broadcast)) == 5

    def test_everybody_ends_with_a_copy_or_a_reason(self, project: Project) -> None:
        for user in make_crowd(project, 6)[:2]:
            mute(user)
        make_account(project, "off", is_active=False)
        broadcast = self.broadcast(project)
        self.write_out(broadcast)
        got, left_out = set(self.copies(broadcast)), self.left_out(broadcast)
        assert got | set(left_out) == {*[f"p{number}" for number in range(6)], "off"}
        assert not got & set(left_out)
        assert all(left_out.values())

    def test_only_those_who_are_meant_get_one(self, project: Project) -> None:
        make_crowd(project, 5)
        broadcast = self.broadcast(project, uids=["p1", "p4"])
        self.write_out(broadcast)
        assert sorted(self.copies(broadcast)) == ["p1", "p4"]
        assert self.left_out(broadcast) == {}

    def test_it_touches_nobody_of_another_project(self, project: Project) -> None:
        elsewhere = make_project()
        make_crowd(project, 3)
        make_crowd(elsewhere, 3, name="stranger")
        broadcast = self.broadcast(project)
        self.write_out(broadcast)
        assert set(self.copies(broadcast)) == {"p0", "p1", "p2"}
        assert not Notification.objects.filter(project=elsewhere).exists()

    def test_each_slice_goes_on_where_the_last_one_stopped(self, project: Project) -> None:
        make_crowd(project, 6)
        broadcast = self.broadcast(project)
        seen = [len(self.copies(broadcast)) for _ in self.walk(broadcast, size=2)]
        assert seen[:3] == [2, 4, 6]

    def test_it_goes_on_from_a_cursor_that_was_saved(self, project: Project) -> None:
        make_crowd(project, 6)
        broadcast = self.broadcast(project)
        saved = next(self.walk(broadcast, size=4)).cursor
        first = set(self.copies(broadcast))
        next(self.walk(broadcast, size=4, cursor=saved))
        assert len(first) == 4
        assert len(self.copies(broadcast)) == 6

    def test_it_comes_to_an_end(self, project: Project) -> None:
        make_crowd(project, 6)
        slices = list(self.walk(self.broadcast(project), size=2))
        assert slices[-1].cursor.is_done

    def test_it_counts_what_it_wrote(self, project: Project) -> None:
        mute(make_crowd(project, 6)[0])
        broadcast = self.broadcast(project)
        slices = list(self.walk(broadcast, size=4))
        assert sum(each.notifications + each.messages for each in slices) == len(self.copies(broadcast))
        assert sum(each.suppressions for each in slices) == len(self.left_out(broadcast))

    def test_a_large_slice_takes_no_more_queries_than_a_small_one(self, project: Project) -> None:
        make_crowd(project, 120)
        few = self.queries_of_a_slice(self.broadcast(project), 10)
        assert few == self.queries_of_a_slice(self.broadcast(project), 100)

    def test_it_finds_nothing_wrong_with_ordinary_words(self, project: Project) -> None:
        assert self.subject().check_content(self.broadcast(project)) == []

    def test_it_names_the_field_of_what_it_does_not_carry(self, project: Project) -> None:
        broadcast = self.broadcast(project, title="", body="")
        problems = self.subject().check_content(broadcast)
        assert problems
        assert all(hasattr(broadcast, each.field) and each.message for each in problems)

    def broadcast(self, project: Project, uids: list[str] | None = None, **words: str) -> Broadcast:
        return sending(project, self.key, uids=uids, **words)

    def left_out(self, broadcast: Broadcast) -> dict[str, str]:
        """uid → why this person gets no copy."""
        mine = Suppression.objects.filter(broadcast=broadcast, channel=self.key)
        return dict(mine.values_list("uid", "reason"))

    def write_out(self, broadcast: Broadcast) -> None:
        """The whole audience, in slices of two."""
        for _ in self.walk(broadcast, size=2):
            pass

    def walk(self, broadcast: Broadcast, size: int, cursor: Cursor | None = None) -> Iterator[Slice]:
        """Slice after slice, until the channel says that it is done."""
        cursor = cursor or Cursor()
        for _ in range(ENDLESS):
            part = self.subject().expand(broadcast, Audience.of(broadcast), cursor, size, clock.now())
            cursor = part.cursor
            yield part
            if cursor.is_done:
                return

    def queries_of_a_slice(self, broadcast: Broadcast, size: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            next(self.walk(broadcast, size))
        return len(queries)
