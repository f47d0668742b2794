"""What else a push may carry: what is typed becomes options, and options become words."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.forms import ComposeForm, initial_of
from dashboard.push_options import PREFIX, PushOptionsForm, in_words
from notifications.models import Project
from notifications.models.broadcast import PUSH_OPTIONS
from tests.dashboard.test_forms import form, problems
from tests.factories import make_broadcast

TYPED = {
    "push_rich_content": "https://northlight.example/coast.jpg",
    "push_category_id": "travel",
    "push_collapse_id": "coast",
    "push_priority": "high",
    "push_subtitle": "From Monday",
    "push_sound": "chime.caf",
    "push_sound_volume": "0.5",
    "push_badge": "3",
    "push_interruption_level": "time-sensitive",
    "push_sound_critical": "on",
    "push_mutable_content": "on",
    "push_content_available": "on",
    "push_channel_id": "news",
    "push_icon": "train",
    "push_tag": "coast-line",
}
MEANT = {
    "rich_content": {"image": "https://northlight.example/coast.jpg"},
    "category_id": "travel",
    "collapse_id": "coast",
    "priority": "high",
    "subtitle": "From Monday",
    "sound": "chime.caf",
    "sound_volume": 0.5,
    "badge": 3,
    "interruption_level": "time-sensitive",
    "sound_critical": True,
    "mutable_content": True,
    "content_available": True,
    "channel_id": "news",
    "icon": "train",
    "tag": "coast-line",
}


def options(project: Project, **typed: Any) -> dict[str, Any]:
    """What is meant by what was typed."""
    filled = form(project, **typed)
    assert filled.is_valid(), filled.errors
    return filled.draft().push_options


def test_there_is_a_field_for_each() -> None:
    assert {name.removeprefix(PREFIX) for name in PushOptionsForm.base_fields} == set(PUSH_OPTIONS)


def test_what_is_typed_becomes_options(project: Project) -> None:
    assert options(project, **TYPED) == MEANT


def test_what_stays_empty_is_no_option(project: Project) -> None:
    assert options(project) == options(project, **dict.fromkeys(TYPED, "")) == {}


def test_zero_is_an_option(project: Project) -> None:
    typed = {"push_badge": "0", "push_sound_volume": "0", "push_sound_critical": "on"}
    assert options(project, **typed) == {"badge": 0, "sound_volume": 0.0, "sound_critical": True}


def test_what_was_saved_can_be_saved_again(project: Project) -> None:
    again = ComposeForm(project, initial_of(make_broadcast(project, push_options=MEANT)))
    shown = ComposeForm(project, {name: again[name].value() or "" for name in again.fields})
    assert shown.is_valid(), shown.errors
    assert shown.draft().push_options == MEANT


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("push_rich_content", "not an address", "Write a whole address"),
        ("push_rich_content", "http://northlight.example/a.jpg", "with https"),
        ("push_badge", "-1", "A badge is a whole number from 0 up."),
        ("push_badge", "1.5", "A badge is a whole number from 0 up."),
        ("push_badge", "many", "A badge is a whole number from 0 up."),
        ("push_badge", "9999999999", "2147483647"),
        ("push_sound_volume", "2", "A volume is a number from 0 to 1."),
        ("push_sound_volume", "nan", "A volume is a number from 0 to 1."),
        ("push_sound_volume", "0.5", "Only a critical sound has a volume of its own"),
        ("push_interruption_level", "loud", "An interruption level is passive"),
        ("push_priority", "urgent", "A delivery priority is default, normal or high."),
        ("push_collapse_id", "é" * 40, "64 bytes"),
        ("push_subtitle", "x" * 201, "at most 200"),
        ("push_sound", "x" * 65, "at most 64"),
        ("push_channel_id", "x" * 65, "at most 64"),
        ("push_category_id", "x" * 65, "at most 64"),
        ("push_icon", "x" * 65, "at most 64"),
        ("push_tag", "x" * 65, "at most 64"),
    ],
)
def test_it_names_the_field_that_is_wrong(project: Project, field: str, typed: str, said: str) -> None:
    wrong = problems(project, **{field: typed})
    assert list(wrong) == [field]
    assert said in wrong[field][0]


def test_a_name_has_its_bound_also_where_nothing_is_pushed(project: Project) -> None:
    assert problems(project, push_tag="x" * 65, channels=["bell"]).keys() == {"push_tag"}


@pytest.mark.parametrize("typed", [{}, {"push_badge": ""}])
def test_nothing_is_to_be_seen_where_nothing_is_set(project: Project, typed: dict[str, str]) -> None:
    assert not form(project, **typed).has_more


@pytest.mark.parametrize("typed", [{"push_badge": "0"}, {"push_badge": "x"}, {"push_sound_critical": "on"}])
def test_what_is_set_or_wrong_is_to_be_seen(project: Project, typed: dict[str, str]) -> None:
    assert form(project, **typed).has_more


def test_a_badge_of_zero_is_to_be_seen_in_a_draft(project: Project) -> None:
    assert ComposeForm(
        project, initial=initial_of(make_broadcast(project, push_options={"badge": 0}))
    ).has_more


def test_each_option_has_words() -> None:
    words = dict(in_words(MEANT))
    assert len(words) == len(PUSH_OPTIONS)
    assert words["Image"] == "https://northlight.example/coast.jpg"
    assert (words["Badge"], words["Volume"], words["Rings even when muted"]) == ("3", "0.5", "Yes")


def test_only_what_is_set_is_said() -> None:
    assert in_words({"badge": 0, "sound_critical": False, "tag": "", "unheard_of": 1}) == [("Badge", "0")]
