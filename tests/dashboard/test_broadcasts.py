"""The list of broadcasts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notifications.models import Broadcast, BroadcastState, Project, Role
from tests.dashboard.copies import copy, ring
from tests.dashboard.reading import has_part, links, part
from tests.factories import make_broadcast

HTMX = {"HX-Request": "true"}


@pytest.fixture
def address(project: Project) -> str:
    """Where the list is."""
    return reverse("dashboard:broadcasts", args=[project.slug])


def make_many(project: Project, number: int, **fields: object) -> list[Broadcast]:
    """So many drafts, `No. 1` the oldest."""
    return [make_broadcast(project, title=f"No. {n}", **fields) for n in range(1, number + 1)]


def shown(page: HttpResponse) -> list[int]:
    """The numbers of the broadcasts in the table, from the top."""
    return [int(each) for each in re.findall(r">No\. (\d+)</a>", page.content.decode())]


def neighbour(page: HttpResponse, words: str) -> str:
    """Where the pager's link leads; "" where it is switched off."""
    found = re.search(rf'href="([^"]*)"[^>]*>{words}</a>', page.content.decode())
    return found.group(1).replace("&amp;", "&") if found else ""


def numbers(first: int, last: int) -> list[int]:
    """From the first down to the last."""
    return list(range(first, last - 1, -1))


def test_the_newest_stands_first(signed_in: Client, address: str, project: Project) -> None:
    make_many(project, 3)
    assert shown(signed_in.get(address)) == [3, 2, 1]


def test_another_project_keeps_its_own(
    signed_in: Client, address: str, project: Project, other_project: Project
) -> None:
    make_broadcast(other_project, title="Not yours")
    assert "Not yours" not in signed_in.get(address).content.decode()


def test_an_empty_list_offers_to_compose(signed_in: Client, address: str, project: Project) -> None:
    page = signed_in.get(address)
    assert "Nothing has been sent yet" in part(page, "broadcasts")
    assert reverse("dashboard:compose", args=[project.slug]) in links(page, "broadcasts")


def test_an_empty_list_offers_a_viewer_nothing(member: Callable[[Role], Client], address: str) -> None:
    page = member(Role.VIEWER).get(address)
    assert "An editor of this project can compose" in part(page, "broadcasts")
    assert not links(page, "broadcasts")


def test_filters_that_nothing_fits_say_so(signed_in: Client, address: str, project: Project) -> None:
    make_broadcast(project)
    page = signed_in.get(address, {"q": "nonsense"})
    assert "No broadcast fits" in part(page, "broadcasts")
    assert address in links(page, "broadcasts")


def test_a_row_counts_its_copies(signed_in: Client, address: str, project: Project) -> None:
    broadcast = make_broadcast(project, state=BroadcastState.SENT)
    copy(broadcast, "delivered")
    copy(broadcast, "failed", "gone")
    ring(broadcast)
    page = signed_in.get(address)
    failed = f"{reverse('dashboard:broadcast', args=[project.slug, broadcast.pk])}?state=failed#messages"
    assert "Sent Everyone 3 3 of 3 1" in part(page, "broadcasts")
    assert failed in links(page, "broadcasts")


def test_a_title_is_never_markup(signed_in: Client, address: str, project: Project) -> None:
    make_broadcast(project, title="<b>loud</b>")
    assert "&lt;b&gt;loud" in signed_in.get(address).content.decode()


def test_a_draft_leads_an_editor_to_its_form(
    member: Callable[[Role], Client], address: str, project: Project
) -> None:
    draft = make_broadcast(project)
    assert reverse("dashboard:compose_edit", args=[project.slug, draft.pk]) in links(
        member(Role.EDITOR).get(address), "broadcasts"
    )


def test_a_draft_leads_a_viewer_to_a_page_that_opens(
    member: Callable[[Role], Client], address: str, project: Project
) -> None:
    make_broadcast(project)
    browser = member(Role.VIEWER)
    (there,) = links(browser.get(address), "broadcasts")
    assert browser.get(there).status_code == 200


def test_a_state_narrows_the_list(signed_in: Client, address: str, project: Project) -> None:
    make_many(project, 2)
    make_broadcast(project, title="No. 9", state=BroadcastState.SENT)
    assert shown(signed_in.get(address, {"state": "sent"})) == [9]


def test_a_state_that_does_not_exist_narrows_nothing(
    signed_in: Client, address: str, project: Project
) -> None:
    make_many(project, 2)
    assert shown(signed_in.get(address, {"state": "gone"})) == [2, 1]


@pytest.mark.parametrize("text", ["coast", "COAST", " coast "])
def test_a_word_of_the_title_narrows_the_list(
    signed_in: Client, address: str, project: Project, text: str
) -> None:
    make_many(project, 2)
    make_broadcast(project, title="The coast line")
    page = signed_in.get(address, {"q": text})
    assert not shown(page)
    assert "The coast line" in part(page, "broadcasts")


@pytest.mark.parametrize("text", ["\0", "%", "_", "'\"", "x" * 5000, "\\"])
def test_odd_words_to_look_for_are_no_error(
    signed_in: Client, address: str, project: Project, text: str
) -> None:
    make_many(project, 1)
    assert signed_in.get(address, {"q": text}).status_code == 200


def test_percent_is_a_letter_to_look_for(signed_in: Client, address: str, project: Project) -> None:
    make_many(project, 2)
    make_broadcast(project, title="50% off")
    assert not shown(signed_in.get(address, {"q": "%"}))


def test_sixty_broadcasts_are_read_forth_and_back(signed_in: Client, address: str, project: Project) -> None:
    make_many(project, 60)
    first = signed_in.get(address)
    second = signed_in.get(address + neighbour(first, "Next"))
    third = signed_in.get(address + neighbour(second, "Next"))
    assert [shown(page) for page in (first, second, third)] == [
        numbers(60, 36),
        numbers(35, 11),
        numbers(10, 1),
    ]
    again = signed_in.get(address + neighbour(third, "Previous"))
    top = signed_in.get(address + neighbour(again, "Previous"))
    assert [shown(again), shown(top)] == [numbers(35, 11), numbers(60, 36)]


def test_the_ends_have_no_further_page(signed_in: Client, address: str, project: Project) -> None:
    make_many(project, 26)
    first = signed_in.get(address)
    last = signed_in.get(address + neighbour(first, "Next"))
    assert not neighbour(first, "Previous")
    assert not neighbour(last, "Next")


def test_what_fits_on_a_page_has_no_pager(signed_in: Client, address: str, project: Project) -> None:
    make_many(project, 25)
    page = signed_in.get(address)
    assert not neighbour(page, "Next")
    assert not neighbour(page, "Previous")


def test_the_filters_stay_while_paging(signed_in: Client, address: str, project: Project) -> None:
    for _ in range(30):
        make_broadcast(project, title="No. 1", state=BroadcastState.SENT)
        make_broadcast(project, title="No. 2")
    first = signed_in.get(address, {"state": "sent", "q": "no. "})
    second = signed_in.get(address + neighbour(first, "Next"))
    assert [shown(first), shown(second)] == [[1] * 25, [1] * 5]
    assert 'value="no."' in second.content.decode()


def test_a_new_broadcast_moves_no_page(signed_in: Client, address: str, project: Project) -> None:
    make_many(project, 30)
    older = neighbour(signed_in.get(address), "Next")
    make_broadcast(project)
    assert shown(signed_in.get(address + older)) == numbers(5, 1)


@pytest.mark.parametrize(
    "place", ["before=1", "after=999999", "before=x", "after=-1", "before=", "after=" + "9" * 30, "before=²"]
)
def test_a_place_beyond_the_ends_is_the_first_page(
    signed_in: Client, address: str, project: Project, place: str
) -> None:
    make_many(project, 3)
    Broadcast.objects.filter(title="No. 1").delete()
    assert shown(signed_in.get(f"{address}?{place}")) == [3, 2]


def test_htmx_gets_the_table_alone(signed_in: Client, address: str, project: Project) -> None:
    make_many(project, 1)
    answer = signed_in.get(address, headers=HTMX)
    assert has_part(answer, "broadcasts")
    assert not has_part(answer, "main")
    assert "HX-Request" in answer.headers["Vary"]


def test_the_page_says_that_it_has_a_fragment(signed_in: Client, address: str) -> None:
    assert "HX-Request" in signed_in.get(address).headers["Vary"]


def test_news_ask_for_the_same_page_of_the_same_filters(
    signed_in: Client, address: str, project: Project
) -> None:
    make_many(project, 2)
    page = signed_in.get(f"{address}?state=draft&q=No").content.decode()
    assert f'hx-get="{address}?state=draft&amp;q=No"' in page
    assert f"live-project-{project.pk}" in page


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_thirty_rows_ask_as_much_as_one(
    signed_in: Client, address: str, project: Project, headers: dict[str, str]
) -> None:
    def questions() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            signed_in.get(address, headers=headers)
        return len(asked)

    copy(make_broadcast(project, state=BroadcastState.SENT))
    signed_in.get(address)
    few = questions()
    for _ in range(29):
        copy(make_broadcast(project, state=BroadcastState.SENT))
    assert questions() == few <= 12


def test_it_is_only_for_looking(signed_in: Client, address: str) -> None:
    assert signed_in.post(address).status_code == 405


# --- The star ---------------------------------------------------------------------------------------------------------


def star_of(broadcast: Broadcast) -> str:
    """Where a broadcast is starred."""
    return reverse("dashboard:broadcast_star", args=[broadcast.project.slug, broadcast.pk])


def test_a_star_is_given_and_taken(signed_in: Client, project: Project) -> None:
    broadcast = make_broadcast(project)
    seen = []
    for _ in range(2):
        signed_in.post(star_of(broadcast))
        broadcast.refresh_from_db()
        seen.append(broadcast.starred)
    assert seen == [True, False]


def test_without_javascript_one_is_back_at_the_list(
    signed_in: Client, address: str, project: Project
) -> None:
    answer = signed_in.post(star_of(make_broadcast(project)))
    assert (answer.status_code, answer.headers["Location"]) == (302, address)


def test_htmx_gets_the_new_star(signed_in: Client, project: Project) -> None:
    broadcast = make_broadcast(project)
    answer = signed_in.post(star_of(broadcast), headers=HTMX).content.decode()
    assert 'aria-pressed="true"' in answer
    assert star_of(broadcast) in answer
    assert "<html" not in answer


def test_a_star_changes_nothing_else(signed_in: Client, project: Project) -> None:
    broadcast = make_broadcast(project, data={"a": 1})
    before = Broadcast.objects.filter(pk=broadcast.pk).values().get()
    signed_in.post(star_of(broadcast))
    assert Broadcast.objects.filter(pk=broadcast.pk).values().get() == {**before, "starred": True}


def test_a_viewer_sees_the_star_and_cannot_give_it(
    member: Callable[[Role], Client], address: str, project: Project
) -> None:
    broadcast = make_broadcast(project, starred=True)
    browser = member(Role.VIEWER)
    page = browser.get(address)
    assert "Starred" in part(page, "broadcasts")
    assert star_of(broadcast) not in page.content.decode()
    assert browser.post(star_of(broadcast)).status_code == 403


def test_the_star_of_another_project_is_out_of_reach(
    signed_in: Client, project: Project, other_project: Project
) -> None:
    foreign = make_broadcast(other_project)
    assert signed_in.post(f"/dashboard/{project.slug}/broadcasts/{foreign.pk}/star/").status_code == 404


def test_a_star_cannot_be_given_by_a_link(signed_in: Client, project: Project) -> None:
    assert signed_in.get(star_of(make_broadcast(project))).status_code == 405
