"""What each field may hold, and what is said of one that holds something else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from notifications.providers.expo import checks
from notifications.wire import PushContent


def fields(content: PushContent) -> list[str]:
    return [problem.field for problem in checks.field_problems(content)]


def said(**options: object) -> list[str]:
    """What is said of a content with this in it; each field that is wrong says something."""
    content = PushContent(body="Body", **options)  # type: ignore[arg-type]
    return [problem.message for problem in checks.field_problems(content)]


@pytest.mark.parametrize("data", [{"at": datetime(2026, 1, 1, tzinfo=UTC)}, {"n": float("inf")}, [1], "x", 5])
def test_it_names_data_that_is_no_json_object(data):
    assert fields(PushContent(body="Body", data=data)) == ["data"]


def test_data_that_goes_round_in_circles_is_named():
    data: dict = {}
    data["self"] = data
    assert fields(PushContent(body="Body", data=data)) == ["data"]


@pytest.mark.parametrize("priority", ["default", "normal", "high"])
def test_it_knows_expos_priorities(priority):
    assert fields(PushContent(body="Body", priority=priority)) == []


def test_it_names_a_priority_that_expo_does_not_know():
    assert said(priority="urgent") == ["Priority is one of default, normal, high, not “urgent”."]


@pytest.mark.parametrize("name", ["ttl", "expiration", "badge"])
@pytest.mark.parametrize("value", [-1, 1.5, True, "1"])
def test_it_names_a_number_that_is_no_count(name, value):
    assert fields(PushContent(body="Body", **{name: value})) == [name]


@pytest.mark.parametrize("level", ["", "active", "critical", "passive", "time-sensitive"])
def test_it_knows_how_much_a_push_may_disturb(level):
    assert said(interruption_level=level) == []


def test_it_names_an_interruption_level_that_ios_does_not_know():
    assert said(interruption_level="loud") == [
        "Interruption level is one of active, critical, passive, time-sensitive, not “loud”."
    ]


@pytest.mark.parametrize("rich", [None, {}, {"image": "https://bells.example/tower.jpg"}])
def test_rich_content_is_an_image(rich):
    assert said(rich_content=rich) == []


@pytest.mark.parametrize(
    "rich", [{"video": "https://bells.example/a.mp4"}, {"image": "https://a.example", "more": 1}, ["x"], "x"]
)
def test_and_nothing_else(rich):
    assert said(rich_content=rich) == [
        'Rich content is an image and nothing else: {"image": "https://example.org/news.jpg"}.'
    ]


@pytest.mark.parametrize(
    "address", ["", "http://a.example/b.jpg", "a.example", "https://", "https://[x", "https://a b", 5, None]
)
def test_an_image_has_an_address_that_phones_load(address):
    [sentence] = said(rich_content={"image": address})
    assert sentence.startswith("An image is a whole address with https")


@pytest.mark.parametrize("volume", [None, 0, 0.5, 1])
def test_a_critical_sound_has_a_volume_from_0_to_1(volume):
    assert said(sound_critical=True, sound_volume=volume) == []


@pytest.mark.parametrize("volume", [-0.1, 1.1, float("nan"), float("inf"), True, "1"])
def test_it_names_a_volume_that_is_none(volume):
    assert said(sound_critical=True, sound_volume=volume) == [
        f"A volume is a number from 0 to 1, not {volume}."
    ]


def test_any_other_sound_has_the_volume_of_the_phone():
    [sentence] = said(sound="chime.caf", sound_volume=0.5)
    assert sentence.startswith("Only a critical sound has a volume of its own")


@pytest.mark.parametrize("name", ["sound", "channel_id", "category_id", "icon", "tag"])
def test_a_name_has_64_characters_at_most(name):
    assert said(**{name: "x" * 64}) == []
    [sentence] = said(**{name: "x" * 65})
    assert sentence.endswith("is 65 characters long; it has at most 64.")


def test_a_subtitle_has_200_characters_at_most():
    assert said(subtitle="x" * 200) == []
    assert said(subtitle="x" * 201) == ["The subtitle is 201 characters long; it has at most 200."]


def test_a_collapse_id_has_the_64_bytes_that_apple_takes():
    assert said(collapse_id="é" * 32) == []
    assert said(collapse_id="é" * 33) == ["The collapse id is longer than the 64 bytes Apple takes."]


@pytest.mark.parametrize("name", ["title", "subtitle", "sound", "collapse_id", "tag"])
def test_it_names_a_text_that_is_none(name):
    assert fields(PushContent(**{name: 5})) == [name]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["mutable_content", "content_available", "sound_critical"])
def test_it_names_a_yes_or_no_that_is_neither(name):
    assert fields(PushContent(**{name: "yes"})) == [name]  # type: ignore[arg-type]


def test_it_names_every_field_that_is_wrong_at_once():
    content = PushContent(priority="urgent", badge=-1, interruption_level="loud", icon="x" * 65)
    assert set(fields(content)) == {"priority", "badge", "interruption_level", "icon"}
