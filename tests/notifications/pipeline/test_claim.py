"""The claim: which messages may go now, and which never."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from notifications import clock
from notifications.actions import broadcasts
from notifications.models import (
    Batch,
    Broadcast,
    BroadcastState,
    Credential,
    Device,
    Message,
    MessageState,
    Project,
    Reason,
)
from notifications.models.broadcast import LANE_BULK, LANE_CRITICAL
from notifications.pipeline import sweep
from notifications.pipeline.claims import Claim
from tests.factories import make_account, make_credential, make_device, make_message
from tests.notifications.pipeline.halves import claim, start, try_to_claim
from tests.notifications.rows import ACTOR, HOUR, mute, queue_message, queue_messages, sending


def is_refused(message: Message) -> bool:
    """Does no claim take this message?"""
    claimed = try_to_claim()
    return not isinstance(claimed, Claim) or message.pk not in [m.pk for m in claimed.messages]


def standing(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.reason


class TestStops:
    def test_a_message_of_a_cancelled_broadcast_is_closed(self, project: Project) -> None:
        broadcast = sending(project)
        message = queue_message(project, broadcast=broadcast)
        Broadcast.objects.update(state=BroadcastState.CANCELLED)
        assert is_refused(message)
        assert standing(message) == (MessageState.CANCELLED, Reason.CANCELLED)

    def test_a_message_of_a_paused_broadcast_waits(self, project: Project) -> None:
        broadcast = sending(project)
        message = queue_message(project, broadcast=broadcast)
        broadcasts.pause(ACTOR, broadcast)
        assert is_refused(message)
        assert standing(message) == (MessageState.QUEUED, "")

    def test_it_goes_on_after_the_pause(self, project: Project) -> None:
        broadcast = sending(project)
        message = queue_message(project, broadcast=broadcast)
        broadcasts.pause(ACTOR, broadcast)
        broadcasts.resume(ACTOR, broadcast)
        assert [m.pk for m in claim().messages] == [message.pk]

    def test_a_message_past_its_expiry_is_closed(self, project: Project) -> None:
        message = queue_message(project, expires_at=clock.now() + HOUR)
        clock.turn(HOUR)
        assert is_refused(message)
        assert standing(message) == (MessageState.EXPIRED, Reason.EXPIRED)

    def test_a_message_to_a_device_that_is_off_is_closed(self, project: Project) -> None:
        message = queue_message(project)
        Device.objects.update(is_active=False)
        assert is_refused(message)
        assert standing(message) == (MessageState.SUPPRESSED, Reason.DEVICE_INACTIVE)

    def test_a_message_to_a_device_that_was_deleted_is_closed(self, project: Project) -> None:
        message = queue_message(project)
        Device.objects.all().delete()
        assert is_refused(message)
        assert standing(message) == (MessageState.SUPPRESSED, Reason.DEVICE_INACTIVE)

    def test_a_message_to_an_account_that_is_off_is_closed(self, project: Project) -> None:
        make_credential(project)
        user = make_account(project, is_active=False)
        message = make_message(make_device(project, user))
        assert is_refused(message)
        assert standing(message) == (MessageState.SUPPRESSED, Reason.ACCOUNT_INACTIVE)

    def test_a_message_to_someone_who_muted_meanwhile_is_closed(self, project: Project) -> None:
        make_credential(project)
        user = make_account(project)
        message = make_message(make_device(project, user))
        mute(user)
        assert is_refused(message)
        assert standing(message) == (MessageState.SUPPRESSED, Reason.MUTED)

    def test_a_critical_message_passes_a_mute(self, project: Project) -> None:
        make_credential(project)
        user = make_account(project)
        mute(user)
        message = make_message(make_device(project, user), lane=LANE_CRITICAL)
        assert not is_refused(message)

    def test_a_mute_that_is_over_stops_nothing(self, project: Project) -> None:
        make_credential(project)
        user = make_account(project)
        mute(user)
        clock.turn(2 * HOUR)
        assert not is_refused(make_message(make_device(project, user)))

    def test_those_that_may_go_are_claimed_after_those_that_may_not_are_closed(
        self, project: Project
    ) -> None:
        stopped = queue_message(project)
        Device.objects.update(is_active=False)
        good = queue_message(project)
        assert is_refused(stopped)
        assert [m.pk for m in claim().messages] == [good.pk]

    @pytest.mark.parametrize(
        "fields",
        [{"paused_reason": "UNAUTHORIZED: no"}, {"not_before": clock.now() + timedelta(days=99)}],
        ids=["paused", "told to wait"],
    )
    def test_nothing_goes_while_the_credential_is_shut(
        self, project: Project, fields: dict[str, Any]
    ) -> None:
        message = queue_message(project)
        Credential.objects.update(**fields)
        assert is_refused(message)
        assert standing(message) == (MessageState.QUEUED, "")

    def test_a_message_told_to_wait_waits(self, project: Project) -> None:
        message = queue_message(project, available_at=clock.now() + HOUR)
        assert is_refused(message)

    @pytest.mark.usefixtures("crooked_rows")
    @pytest.mark.parametrize("state", [s for s in MessageState if s != MessageState.QUEUED])
    def test_only_queued_messages_are_claimed(self, project: Project, state: MessageState) -> None:
        assert is_refused(queue_message(project, state=state))

    def test_the_key_of_another_project_does_not_serve(
        self, project: Project, other_project: Project
    ) -> None:
        message = queue_message(project)
        Credential.objects.update(project=other_project)
        assert is_refused(message)

    def test_a_provider_that_was_taken_out_holds_back_no_other(
        self, project: Project, other_project: Project
    ) -> None:
        queue_message(project, provider="pigeon", lane=LANE_CRITICAL)
        Credential.objects.update(provider="pigeon")
        good = queue_message(other_project)
        assert [m.pk for m in claim().messages] == [good.pk]


class TestOrder:
    def test_critical_messages_go_first(self, project: Project) -> None:
        queue_messages(project, 100, lane=LANE_BULK)
        urgent = queue_message(project, lane=LANE_CRITICAL)
        assert claim().messages[0].pk == urgent.pk

    def test_the_credential_with_a_critical_message_goes_first(
        self, project: Project, other_project: Project
    ) -> None:
        queue_message(project, lane=LANE_BULK)
        queue_message(other_project, lane=LANE_CRITICAL)
        assert claim().credential.project_id == other_project.pk

    def test_then_the_one_that_waits_longest(self, project: Project) -> None:
        later = queue_message(project)
        earlier = queue_message(project, available_at=clock.now() - HOUR)
        assert [m.pk for m in claim().messages] == [earlier.pk, later.pk]

    def test_a_batch_holds_a_hundred(self, project: Project) -> None:
        queue_messages(project, 101)
        assert len(claim().messages) == 100


class TestBatchLimit:
    def test_no_more_travel_together_than_the_most_careful_message_allows(self, project: Project) -> None:
        queue_messages(project, 10, batch_limit=4)
        assert len(claim().messages) == 4

    def test_a_careful_message_waits_for_the_next_batch(self, project: Project) -> None:
        queue_messages(project, 5)
        queue_messages(project, 3, batch_limit=2)
        assert [len(claim().messages) for _ in range(3)] == [5, 2, 1]

    def test_one_that_travels_alone_does(self, project: Project) -> None:
        queue_messages(project, 3, batch_limit=1)
        assert len(claim().messages) == 1


class TestLease:
    def test_the_batch_holds_a_lease(self, project: Project, settings: Settings) -> None:
        queue_message(project)
        batch = claim().batch
        assert batch.leased_until == batch.created_at + settings.CARILLON_LEASE

    def test_the_claim_alone_starts_nothing(self, project: Project) -> None:
        queue_message(project)
        claim()
        assert Batch.objects.get().started_at is None

    def test_the_start_is_saved(self, project: Project) -> None:
        queue_message(project)
        assert start(claim())
        assert Batch.objects.get().started_at is not None

    def test_a_lease_too_short_for_a_call_is_not_started(self, project: Project, settings: Settings) -> None:
        queue_message(project)
        claimed = claim()
        clock.turn(settings.CARILLON_LEASE - settings.CARILLON_CALL_DEADLINE + timedelta(seconds=1))
        assert not start(claimed)
        assert Batch.objects.get().started_at is None

    def test_a_batch_that_the_sweep_has_freed_is_not_started(
        self, project: Project, settings: Settings
    ) -> None:
        queue_message(project)
        claimed = claim()
        clock.turn(settings.CARILLON_LEASE)
        sweep.step()
        clock.reset()
        assert not start(claimed)

    def test_no_more_batches_are_open_than_the_vendor_takes_connections(self, project: Project) -> None:
        queue_messages(project, 8, batch_limit=1)
        taken = [try_to_claim() for _ in range(8)]
        assert sum(isinstance(each, Claim) for each in taken) == 6

    def test_an_outlived_lease_takes_no_connection(self, project: Project, settings: Settings) -> None:
        queue_messages(project, 8, batch_limit=1)
        for _ in range(6):
            claim()
        clock.turn(settings.CARILLON_LEASE)
        assert isinstance(try_to_claim(), Claim)


def test_a_claim_is_one_transaction(committed: Project) -> None:
    queue_messages(committed, 3)
    with CaptureQueriesContext(connection) as queries:
        claim()
    statements = [each["sql"].split()[0] for each in queries.captured_queries]
    assert (statements[0], statements[-1]) == ("BEGIN", "COMMIT")
    assert statements.count("BEGIN") == 1
