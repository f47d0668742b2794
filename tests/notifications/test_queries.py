"""The reads that pages share: counts equal rows, words fit the case, and nothing crosses a project's border."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import clock
from notifications.models import Batch, BroadcastState, Message, MessageState, Project, Role, Ticket
from notifications.queries import topics_open_to
from notifications.queries.causes import TROUBLE, causes, words
from notifications.queries.groups import HANDED_OVER, NEVER_LEFT, groups_of, groups_of_many, total
from notifications.queries.messages import Filter, message_page
from notifications.queries.names import channel_label, provider, provider_label
from notifications.queries.pace import next_question, pace
from notifications.queries.progress import progress_of, progress_of_many
from notifications.queries.retries import sendable_again
from tests.dashboard.copies import ALL_STATES, answer, copies_in_every_state, copy, ring, started
from tests.factories import make_broadcast, make_credential, make_device, make_operator
from tests.notifications.uploads import make_import


def ask(project: Project, at: datetime) -> Ticket:
    """A copy whose receipt is asked for then."""
    ticket = answer(copy(started(project), "accepted"))
    Ticket.objects.filter(pk=ticket.pk).update(check_at=at, asked_with=ticket.batch.credential)
    return ticket


class TestTopics:
    @pytest.fixture
    def viewer(self, project: Project) -> User:
        return make_operator(project=project, role=Role.VIEWER)

    def test_a_member_may_follow_the_project_its_broadcasts_and_imports(
        self, viewer: User, project: Project
    ) -> None:
        broadcast, device_import = make_broadcast(project), make_import(project, [])
        wanted = [f"project:{project.pk}", f"broadcast:{broadcast.pk}", f"import:{device_import.pk}"]
        assert topics_open_to(viewer, project.slug, wanted) == set(wanted)

    def test_topics_of_another_project_are_left_out(
        self, viewer: User, project: Project, other_project: Project
    ) -> None:
        broadcast, device_import = make_broadcast(other_project), make_import(other_project, [])
        foreign = [f"project:{other_project.pk}", f"broadcast:{broadcast.pk}", f"import:{device_import.pk}"]
        assert topics_open_to(viewer, project.slug, foreign) == frozenset()
        assert topics_open_to(viewer, other_project.slug, foreign) == frozenset()

    @pytest.mark.parametrize(
        "topic", ["", "broadcast:", "broadcast:abc", f"broadcast:{'9' * 40}", "user:1", "project:x"]
    )
    def test_nonsense_is_left_out(self, viewer: User, project: Project, topic: str) -> None:
        assert topics_open_to(viewer, project.slug, [topic]) == frozenset()

    def test_strangers_hear_nothing(self, viewer: User, project: Project) -> None:
        viewer.is_active = False
        wanted = [f"project:{project.pk}"]
        assert topics_open_to(viewer, project.slug, wanted) == frozenset()
        assert topics_open_to(AnonymousUser(), project.slug, wanted) == frozenset()


class TestGroups:
    def test_the_groups_hold_every_message_once(self, project: Project) -> None:
        broadcast = started(project)
        copies_in_every_state(broadcast)
        copy(broadcast, "delivered")
        groups = groups_of(broadcast)
        assert total(groups) == Message.objects.filter(broadcast=broadcast).count()
        assert total(groups, [MessageState.DELIVERED]) == 2

    def test_every_state_is_waiting_handed_over_or_gone(self) -> None:
        waiting = {MessageState.HELD, MessageState.QUEUED, MessageState.SENDING}
        assert waiting | set(HANDED_OVER) | set(NEVER_LEFT) == set(MessageState)

    def test_many_broadcasts_are_counted_at_once(self, project: Project) -> None:
        broadcasts = [started(project) for _ in range(3)]
        for place, broadcast in enumerate(broadcasts):
            for _ in range(place):
                copy(broadcast)
        with CaptureQueriesContext(connection) as queries:
            found = groups_of_many([broadcast.pk for broadcast in broadcasts])
        assert [total(found.get(broadcast.pk, [])) for broadcast in broadcasts] == [0, 1, 2]
        assert len(queries) == 1


class TestProgress:
    def test_the_steps_of_the_funnel_add_up(self, project: Project) -> None:
        broadcast = started(project, expanded_at=clock.now())
        copies_in_every_state(broadcast)
        ring(broadcast)
        found = progress_of(broadcast)
        away = found.messages(*NEVER_LEFT)
        assert found.copies == found.waiting + found.on_the_wire + found.handed_over + away
        assert found.handed_over == found.accepted + found.refused + found.unknown
        assert (
            found.accepted
            == found.delivered + found.receipts_pending + found.receipts_missing + found.failed_later
        )

    def test_the_lines_add_up_to_all_copies(self, project: Project) -> None:
        broadcast = started(project)
        copies_in_every_state(broadcast)
        ring(broadcast)
        found = progress_of(broadcast)
        assert sum(line.copies for line in found.lines) == found.copies
        assert [line.channel for line in found.lines] == ["bell", "push"]

    def test_many_are_counted_like_one(self, project: Project) -> None:
        broadcast = started(project)
        copies_in_every_state(broadcast)
        ring(broadcast)
        one, many = progress_of(broadcast), progress_of_many([broadcast, started(project)])
        for name in ("copies", "delivered", "handed_over", "waiting", "failed"):
            assert getattr(many[broadcast.pk], name) == getattr(one, name)

    def test_a_draft_has_come_nowhere(self, project: Project) -> None:
        found = progress_of(make_broadcast(project))
        assert (found.copies, found.expected, found.addressed) == (0, 0, 0)

    def test_a_provider_without_receipts_has_said_its_last_word(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broadcast = started(project)
        copy(broadcast, "accepted", provider="retired")
        found = progress_of(broadcast)
        assert (found.receipts_pending, found.receipts_never, found.settled) == (0, 1, 1)
        assert not found.lines[-1].has_receipts


class TestCauses:
    def test_each_trouble_is_one_cause(self, project: Project) -> None:
        broadcast = started(project)
        copies_in_every_state(broadcast)
        copy(broadcast, "failed", "gone", "DeviceNotRegistered")
        found = causes(groups_of(broadcast))
        expected = [
            each for each in ALL_STATES if each[0] in TROUBLE or each == ("queued", "", "MessageRateExceeded")
        ]
        assert sorted((c.state, c.reason, c.code) for c in found) == sorted(expected)
        assert (found[0].key, found[0].count) == ("gone:DeviceNotRegistered", 2)
        assert found[-1].is_retrying

    @pytest.mark.parametrize(
        ("reason", "code", "title"),
        [
            ("gone", "DeviceNotRegistered", "Device no longer registered"),
            ("rejected", "Unheard", "Refused by the provider"),
            ("attempts_used_up", "ProviderError", "Tried too often: fault at Apple or Google"),
            ("attempts_used_up", "", "Tried too often"),
            ("", "ProviderError", "Fault at Apple or Google"),
            ("", "Unheard", "Waiting for another try"),
            ("expired", "", "Too old to send"),
        ],
    )
    def test_the_words_fit_the_case(self, reason: str, code: str, title: str) -> None:
        assert words("expo", reason, code).title == title

    def test_a_provider_that_is_gone_is_called_by_its_key(self) -> None:
        assert (provider_label("retired"), channel_label("retired")) == ("retired", "retired")
        assert provider("retired").codes == {}


class TestMessagePage:
    def test_its_queries_do_not_grow_with_the_page(self, project: Project) -> None:
        broadcast = started(project)
        counted = []
        for number in (2, 30):
            for _ in range(number):
                answer(copy(broadcast), receipt="")
            with CaptureQueriesContext(connection) as queries:
                found = message_page(broadcast, Filter())
            assert all(row.receipt for row in found.rows)
            counted.append(len(queries))
        assert counted == [4, 4]

    def test_a_row_carries_the_latest_ticket(self, project: Project) -> None:
        message = copy(started(project))
        answer(message, "retry", "ProviderError")
        latest = answer(message)
        (row,) = message_page(message.broadcast, Filter()).rows  # type: ignore[arg-type]
        assert row.ticket == latest

    @pytest.mark.parametrize(
        "wanted",
        [
            *[Filter(state=state) for state in (*MessageState, "waiting", "handed_over")],
            *[Filter(via=via) for via in ("push", "push:expo", "push:", "bell")],
            *[Filter(cause=cause) for cause in ("gone", "gone:DeviceNotRegistered", "gone:", ":", "muted")],
        ],
    )
    def test_a_filter_counts_what_it_shows(self, project: Project, wanted: Filter) -> None:
        broadcast = started(project)
        copies_in_every_state(broadcast)
        assert wanted.count(groups_of(broadcast)) == len(message_page(broadcast, wanted).rows)


class TestPace:
    def test_it_counts_the_batches_of_these_minutes(self, project: Project) -> None:
        now, credential = clock.now(), make_credential(project)
        for seconds, size, done in ((200, 100, 1.0), (30, 40, 0.2), (10, 60, 0.4), (1, 50, None)):
            start = now - timedelta(seconds=seconds)
            finish = start + timedelta(seconds=done) if done else None
            Batch.objects.create(
                credential=credential, size=size, leased_until=now, started_at=start, finished_at=finish
            )
        found = pace(project, now - timedelta(seconds=60), now)
        assert (found.messages, found.answered, found.in_flight) == (150, 2, 1)
        assert found.p95 == pytest.approx(400)
        assert found.lately == pytest.approx(110 / 15)
        assert found.average == pytest.approx(150 / 30)
        assert sum(found.line) == pytest.approx(150 / (60 / 24))

    def test_nothing_sent_has_no_pace(self, project: Project) -> None:
        found = pace(project, clock.now() - timedelta(seconds=60))
        assert (found.average, found.p95, found.lately) == (None, None, 0)

    def test_another_projects_batches_are_not_counted(self, project: Project, other_project: Project) -> None:
        answer(copy(started(other_project)))
        assert (
            pace(project, clock.now() - timedelta(minutes=1), clock.now() + timedelta(seconds=5)).messages
            == 0
        )

    def test_the_next_question_is_the_earliest(self, project: Project) -> None:
        now = clock.now()
        for minutes in (5, 2):
            ask(project, now + timedelta(minutes=minutes))
        assert next_question(project) == now + timedelta(minutes=2)

    def test_the_questions_of_others_hide_no_question(self, project: Project, other_project: Project) -> None:
        now = clock.now()
        theirs = ask(other_project, now)
        key, message = theirs.batch.credential, theirs.message
        more = [Batch(credential=key, size=1, leased_until=now) for _ in range(500)]
        Ticket.objects.bulk_create(
            Ticket(batch=batch, message=message, is_success=True, check_at=now, asked_with=key)
            for batch in Batch.objects.bulk_create(more)
        )
        assert next_question(project) is None
        ask(project, now + timedelta(minutes=2))
        assert next_question(project) == now + timedelta(minutes=2)


class TestRetries:
    def test_it_counts_what_an_operator_may_send_again(self, project: Project) -> None:
        broadcast = started(project)
        copy(broadcast, "failed", "rejected")
        copy(broadcast, "failed", "gone", device=make_device(project, is_active=False))
        copy(broadcast, "unknown", "no_answer")
        assert sendable_again(progress_of(broadcast)) == {"failed": 1, "unknown": 1}

    def test_a_cancelled_broadcast_stays_cancelled(self, project: Project) -> None:
        broadcast = started(project, BroadcastState.CANCELLED)
        copy(broadcast, "failed", "rejected")
        assert sendable_again(progress_of(broadcast)) == {"failed": 0}
