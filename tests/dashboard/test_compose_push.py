"""Composing: the options of a push on the pages, where nothing typed is lost and only what is set is shown."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from notifications.models import Broadcast, BroadcastState, Project
from tests.dashboard.reading import has_part, part
from tests.dashboard.test_compose import compose, confirm, edit
from tests.dashboard.test_forms import FILLED
from tests.dashboard.test_push_options import MEANT, TYPED
from tests.factories import make_broadcast

OPEN = re.compile(r'<details class="disclose" open>')


def page_of(broadcast: Broadcast) -> str:
    return reverse("dashboard:broadcast", args=[broadcast.project.slug, broadcast.pk])


def is_open(answer: HttpResponse) -> bool:
    """Does the page show the part without a click?"""
    return OPEN.search(answer.content.decode()) is not None


def test_they_are_out_of_the_way(signed_in: Client, project: Project) -> None:
    answer = signed_in.get(compose(project))
    assert part(answer, "more").startswith("More for push")
    assert not is_open(answer)


def test_they_say_which_phones_they_are_for(signed_in: Client, project: Project) -> None:
    words = part(signed_in.get(compose(project)), "more")
    places = [words.index(each) for each in ("iOS and Android Image", "iOS only Subtitle", "Android only")]
    assert places == sorted(places)


def test_a_draft_keeps_them(signed_in: Client, project: Project) -> None:
    assert signed_in.post(compose(project), {**FILLED, **TYPED}).status_code == 303
    assert Broadcast.objects.get().push_options == MEANT


@pytest.mark.parametrize(
    ("field", "typed"),
    [("push_badge", "-1"), ("push_rich_content", "http://a.example/b.jpg"), ("push_sound_volume", "7")],
)
def test_what_is_wrong_is_marked_and_nothing_is_lost(
    signed_in: Client, project: Project, field: str, typed: str
) -> None:
    answer = signed_in.post(compose(project), {**FILLED, **TYPED, field: typed})
    assert answer.status_code == 422
    assert has_part(answer, f"id_{field}_error")
    assert is_open(answer)
    form = answer.context["form"]
    shown = {name: form[name].value() for name in TYPED}
    assert shown == {**TYPED, field: typed, **dict.fromkeys(CHECKS, True)}
    assert not Broadcast.objects.exists()


CHECKS = ("push_sound_critical", "push_mutable_content", "push_content_available")


def test_a_field_that_is_wrong_says_so_to_a_screen_reader(signed_in: Client, project: Project) -> None:
    page = signed_in.post(compose(project), {**FILLED, "push_badge": "-1"}).content.decode()
    control = re.findall(r'<input type="number" name="push_badge"[^>]*>', page)[0]
    assert 'aria-invalid="true"' in control
    assert 'aria-describedby="id_push_badge_helptext id_push_badge_error"' in control


def test_the_form_of_a_draft_shows_them_again(signed_in: Client, project: Project) -> None:
    answer = signed_in.get(edit(make_broadcast(project, push_options=MEANT)))
    page = answer.content.decode()
    assert is_open(answer)
    assert 'value="https://northlight.example/coast.jpg"' in page
    assert '<option value="time-sensitive" selected>' in page


def test_a_copy_starts_with_them(signed_in: Client, project: Project) -> None:
    other = make_broadcast(project, push_options={"badge": 0}, state=BroadcastState.SENT)
    answer = signed_in.get(f"{compose(project)}?from={other.pk}")
    assert answer.context["form"]["push_badge"].value() == 0
    assert is_open(answer)


@pytest.mark.parametrize("address", [confirm, page_of])
def test_before_it_is_sent_only_those_that_are_set_are_shown(
    signed_in: Client, project: Project, address: object
) -> None:
    draft = make_broadcast(project, push_options={"badge": 0, "icon": "<b>"})
    page = signed_in.get(address(draft)).content.decode()  # type: ignore[operator]
    assert "<dt>Badge</dt><dd>0</dd><dt>Icon</dt><dd>&lt;b&gt;</dd>" in page
    assert "<dt>Subtitle</dt>" not in page


def test_they_are_not_confirmed_where_nothing_is_pushed(signed_in: Client, project: Project) -> None:
    draft = make_broadcast(project, push_options={"badge": 0}, channels=["bell"])
    assert b"<dt>Badge</dt>" not in signed_in.get(confirm(draft)).content


def test_they_are_among_the_words_that_are_confirmed(signed_in: Client, project: Project) -> None:
    draft = make_broadcast(project)
    before = signed_in.get(confirm(draft)).context["seen"]
    Broadcast.objects.update(push_options={"badge": 0})
    assert signed_in.get(confirm(draft)).context["seen"] != before
