"""Broadcast: what it says, and where its copies wait."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest

from notifications import clock
from notifications.models import Broadcast, BroadcastState, NotificationPriority, Project
from notifications.models.broadcast import LANE_BULK, LANE_CRITICAL, PUSH_OPTIONS
from notifications.wire import PushContent


def test_its_link_travels_where_apps_look_for_it() -> None:
    content = Broadcast(title="Song", link="https://bells.example/").push_content(None)
    assert content.data == {"url": "https://bells.example/"}


def test_a_url_of_its_own_data_goes_first() -> None:
    broadcast = Broadcast(title="Song", link="https://bells.example/", data={"url": "app://song"})
    assert broadcast.push_content(None).data == {"url": "app://song"}


def test_its_data_is_not_changed_by_that() -> None:
    broadcast = Broadcast(title="Song", link="https://bells.example/", data={"page": 1})
    broadcast.push_content(None)
    assert broadcast.data == {"page": 1}


def test_without_data_it_carries_none() -> None:
    assert Broadcast(title="Song").push_content(None).data is None


def test_its_copies_replace_one_another_on_a_phone() -> None:
    assert Broadcast(pk=7, title="Song").push_content(None).tag == "broadcast-7"


def test_they_do_so_by_the_operators_tag_where_one_is_given() -> None:
    assert Broadcast(pk=7, title="Song", push_options={"tag": "song"}).push_content(None).tag == "song"


def test_its_options_travel_beside_its_words() -> None:
    options = {"subtitle": "At six", "badge": 0, "sound_volume": 0.0, "priority": "high"}
    content = Broadcast(pk=7, title="Song", priority=1, push_options=options).push_content(None)
    assert content == PushContent(title="Song", tag="broadcast-7", **options)


def test_an_option_takes_no_words_place() -> None:
    content = Broadcast(title="Song", push_options={"title": "Other", "volume": 11}).push_content(None)
    assert content.title == "Song"


def test_whatever_a_push_may_carry_is_an_option_or_said_already() -> None:
    said = {"title", "body", "data", "expiration", "ttl"}
    assert {field.name for field in fields(PushContent)} == {*PUSH_OPTIONS, *said}


def test_a_vendor_is_told_when_a_copy_expires() -> None:
    now = clock.now()
    assert Broadcast(title="Song").push_content(now).expiration == int(now.timestamp())


def test_a_draft_counts_with_the_longest_number_it_may_get() -> None:
    draft, stored = Broadcast(title="Song"), Broadcast(pk=2**63 - 1, title="Song")
    assert draft.push_content(None) == stored.push_content(None)


@pytest.mark.parametrize("priority", NotificationPriority)
def test_only_a_critical_one_overtakes(priority: NotificationPriority) -> None:
    lane = LANE_CRITICAL if priority == NotificationPriority.CRITICAL else LANE_BULK
    assert Broadcast(priority=priority).lane == lane


def test_its_copies_expire_as_its_project_says() -> None:
    broadcast = Broadcast(project=Project(message_ttl=timedelta(hours=5)))
    now = clock.now()
    assert broadcast.expiry(now) == now + timedelta(hours=5)


@pytest.mark.parametrize("state", BroadcastState)
def test_one_that_sends_or_pauses_is_live(state: BroadcastState) -> None:
    assert Broadcast(state=state).is_live == (state in ("sending", "paused"))
