"""Two editors of one draft, a draft that starts under its editor, a double click: nobody's words are lost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from notifications.actions import broadcasts
from notifications.actions.audit import Actor
from notifications.actions.drafts import Draft, fingerprint
from notifications.models import Broadcast, BroadcastState, Project
from tests.dashboard.reading import part
from tests.dashboard.test_compose import compose, confirm, edit
from tests.dashboard.test_forms import FILLED
from tests.factories import make_broadcast

RUTH = Actor("ruth")
MINE = {**FILLED, "title": "Mine"}


def hidden(answer: HttpResponse, name: str) -> str:
    """What the form of a page carries along under this name."""
    return re.findall(f'<input type="hidden" name="{name}" value="([^"]*)">', answer.content.decode())[0]


def post(browser: Client, page: HttpResponse, draft: Broadcast, **changes: Any) -> HttpResponse:
    """Send the form of this page, filled in with other words."""
    return browser.post(edit(draft), {**MINE, "seen": hidden(page, "seen"), **changes})


@pytest.fixture
def draft(project: Project) -> Broadcast:
    return make_broadcast(project)


class TestTwoEditors:
    @pytest.fixture
    def answer(self, signed_in: Client, draft: Broadcast) -> HttpResponse:
        """What the second one gets."""
        page = signed_in.get(edit(draft))
        broadcasts.edit(RUTH, draft, Draft(title="Hers"))
        return post(signed_in, page, draft)

    def test_the_second_does_not_write_over_the_first(self, answer: HttpResponse) -> None:
        assert answer.status_code == 409
        assert Broadcast.objects.get().title == "Hers"

    def test_it_says_who_was_quicker_and_where_to_look(self, answer: HttpResponse, draft: Broadcast) -> None:
        page = answer.content.decode()
        assert "ruth changed this draft meanwhile (<time" in page
        assert f'href="{edit(draft)}" target="_blank"' in page
        assert "Save mine anyway</button>" in page

    def test_what_was_typed_is_still_there(self, answer: HttpResponse) -> None:
        assert answer.context["form"]["title"].value() == "Mine"

    def test_whoever_insists_writes_over_it(
        self, signed_in: Client, answer: HttpResponse, draft: Broadcast
    ) -> None:
        assert post(signed_in, answer, draft).headers["Location"] == confirm(draft)
        assert Broadcast.objects.get().title == "Mine"

    def test_a_third_change_is_not_written_over_unseen(
        self, signed_in: Client, answer: HttpResponse, draft: Broadcast
    ) -> None:
        draft.refresh_from_db()
        broadcasts.edit(RUTH, draft, Draft(title="Hers again"))
        assert post(signed_in, answer, draft).status_code == 409
        assert Broadcast.objects.get().title == "Hers again"

    def test_a_mistake_in_between_hides_no_change(self, signed_in: Client, draft: Broadcast) -> None:
        page = signed_in.get(edit(draft))
        broadcasts.edit(RUTH, draft, Draft(title="Hers"))
        marked = post(signed_in, page, draft, title="")
        assert marked.status_code == 422
        assert post(signed_in, marked, draft).status_code == 409

    def test_a_form_that_saw_nothing_overwrites_nothing(self, signed_in: Client, draft: Broadcast) -> None:
        answer = signed_in.post(edit(draft), MINE)
        assert answer.status_code == 409
        assert "Somebody changed this draft meanwhile." in answer.content.decode()

    def test_a_double_click_is_no_conflict(self, signed_in: Client, draft: Broadcast) -> None:
        page = signed_in.get(edit(draft))
        for _ in range(2):
            assert post(signed_in, page, draft).headers["Location"] == confirm(draft)


class TestStartedMeanwhile:
    @pytest.fixture(params=[state for state in BroadcastState if state != BroadcastState.DRAFT])
    def answer(self, request: pytest.FixtureRequest, signed_in: Client, draft: Broadcast) -> HttpResponse:
        """What the editor gets of a draft that started under the hands."""
        page = signed_in.get(edit(draft))
        Broadcast.objects.update(state=request.param)
        return post(signed_in, page, draft)

    def test_it_keeps_its_words_and_says_so(self, answer: HttpResponse) -> None:
        assert answer.status_code == 409
        assert Broadcast.objects.get().title == "The coast line reopens"
        assert "It has started with the older words." in answer.content.decode()

    def test_what_was_typed_becomes_a_draft_of_its_own(
        self, signed_in: Client, answer: HttpResponse, draft: Broadcast
    ) -> None:
        assert answer.context["form"]["title"].value() == "Mine"
        [action] = re.findall('id="compose" action="([^"]*)"', answer.content.decode())
        assert action == compose(draft.project)
        signed_in.post(action, {**MINE, "form_key": hidden(answer, "form_key")})
        assert list(Broadcast.objects.order_by("pk").values_list("title", flat=True)) == [draft.title, "Mine"]


class TestDoubleClick:
    def test_it_makes_one_draft(self, signed_in: Client, project: Project) -> None:
        key = hidden(signed_in.get(compose(project)), "form_key")
        answers = [signed_in.post(compose(project), {**FILLED, "form_key": key}) for _ in range(2)]
        assert {each.headers["Location"] for each in answers} == {confirm(Broadcast.objects.get())}

    def test_each_form_has_a_key_of_its_own(self, signed_in: Client, project: Project) -> None:
        keys = {hidden(signed_in.get(compose(project)), "form_key") for _ in range(2)}
        assert len(keys) == 2

    def test_a_form_with_a_mistake_keeps_its_key(self, signed_in: Client, project: Project) -> None:
        answer = signed_in.post(compose(project), {**FILLED, "title": "", "form_key": "k"})
        assert hidden(answer, "form_key") == "k"

    def test_going_back_and_changing_a_word_loses_nothing(self, signed_in: Client, project: Project) -> None:
        for title in ("First", "Second"):
            signed_in.post(compose(project), {**FILLED, "title": title, "form_key": "k"})
        assert set(Broadcast.objects.values_list("title", flat=True)) == {"First", "Second"}

    def test_going_back_to_the_first_words_loses_nothing(self, signed_in: Client, project: Project) -> None:
        first = {**MINE, "form_key": "k"}
        signed_in.post(compose(project), first)
        draft = Broadcast.objects.get()
        post(signed_in, signed_in.get(edit(draft)), draft, title="Other words")
        answer = signed_in.post(compose(project), first)
        mine = Broadcast.objects.get(title="Mine")
        assert answer.headers["Location"] == confirm(mine) != confirm(draft)


def test_the_draft_is_seen_as_it_was_opened(signed_in: Client, draft: Broadcast) -> None:
    assert hidden(signed_in.get(edit(draft)), "seen") == fingerprint(draft)


@pytest.mark.parametrize("name", ["audience", "priority"])
def test_a_group_of_choices_points_to_what_is_wrong(signed_in: Client, project: Project, name: str) -> None:
    answer = signed_in.post(compose(project), {**FILLED, name: ""})
    page = answer.content.decode()
    assert part(answer, f"id_{name}_error") == answer.context["form"].errors[name][0]
    assert re.search(rf'<fieldset[^>]* aria-describedby="[^"]*\bid_{name}_error"', page)
    radios = re.findall(rf'<input type="radio" name="{name}"[^>]*>', page)
    assert [each for each in radios if 'aria-invalid="true"' in each] == radios != []


@pytest.mark.parametrize("name", ["audience", "priority"])
def test_a_group_without_a_mistake_is_not_marked(signed_in: Client, project: Project, name: str) -> None:
    page = signed_in.get(compose(project)).content.decode()
    assert "aria-invalid" not in page
    assert f"id_{name}_error" not in page
