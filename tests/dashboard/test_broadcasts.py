"""The list of broadcasts: its rows, filters, pages and stars."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dashboard.broadcast_list import PAGE
from dashboard.templatetags.figures import DASH
from notifications import clock
from notifications.models import AuditEntry, Broadcast, BroadcastState, Project, Role
from tests.dashboard.copies import copy, ring, started
from tests.dashboard.reading import has_part, links, part
from tests.factories import make_broadcast

Member = Callable[[Role], Client]
HTMX = {"HX-Request": "true"}


def listed(browser: Client, project: Project, query: str = "", **headers: str) -> HttpResponse:
    answer = browser.get(reverse("dashboard:broadcasts", args=[project.slug]) + query, headers=headers)
    assert answer.status_code == 200
    return answer


def row(answer: HttpResponse, broadcast: Broadcast) -> str:
    return part(answer, f"broadcast-{broadcast.pk}")


def titles(answer: HttpResponse) -> list[str]:
    return [each.broadcast.title for each in answer.context["rows"]]


def star(browser: Client, broadcast: Broadcast, starred: str = "1", **headers: str) -> HttpResponse:
    url = reverse("dashboard:broadcast_star", args=[broadcast.project.slug, broadcast.pk])
    return browser.post(url, {"starred": starred}, headers=headers)


class TestRows:
    def test_it_shows_the_newest_first(self, signed_in: Client, project: Project) -> None:
        for title in ("one", "two", "three"):
            make_broadcast(project, title=title)
        assert titles(listed(signed_in, project)) == ["three", "two", "one"]

    def test_it_counts_copies_and_failures(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project, BroadcastState.SENT, expanded_at=clock.now())
        for state in ("delivered", "delivered", "failed"):
            copy(broadcast, state)
        ring(broadcast)
        assert "Sent Everyone 4 3 of 4 1 Today" in row(listed(signed_in, project), broadcast)

    def test_a_failed_number_leads_to_the_failed_rows(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project)
        copy(broadcast, "failed", "rejected")
        page = reverse("dashboard:broadcast", args=[project.slug, broadcast.pk])
        assert f"{page}?state=failed#messages" in links(
            listed(signed_in, project), f"broadcast-{broadcast.pk}"
        )

    def test_what_is_being_sent_says_how_far_it_is(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project, channels=["push"], expanded_at=clock.now())
        for state in ("delivered", "accepted", "failed", "queued"):
            copy(broadcast, state)
        assert "Sending 75%" in row(listed(signed_in, project), broadcast)

    def test_a_draft_has_no_numbers_yet(self, signed_in: Client, project: Project) -> None:
        draft = make_broadcast(project, audience_kind="uids", audience_uids=["a"])
        assert f"Draft Certain people {DASH} {DASH} {DASH} Today" in row(listed(signed_in, project), draft)

    def test_a_draft_leads_to_its_form_and_anything_else_to_its_page(
        self, signed_in: Client, project: Project
    ) -> None:
        draft, sent = make_broadcast(project), started(project, BroadcastState.SENT)
        answer = listed(signed_in, project)
        form = reverse("dashboard:compose_edit", args=[project.slug, draft.pk])
        page = reverse("dashboard:broadcast", args=[project.slug, sent.pk])
        assert links(answer, f"open-{draft.pk}") == [form]
        assert links(answer, f"open-{sent.pk}") == [page]

    def test_a_viewer_is_led_to_a_drafts_page(self, member: Member, project: Project) -> None:
        draft = make_broadcast(project)
        page = reverse("dashboard:broadcast", args=[project.slug, draft.pk])
        assert links(listed(member(Role.VIEWER), project), f"broadcast-{draft.pk}") == [page]

    def test_it_can_be_duplicated(self, signed_in: Client, project: Project) -> None:
        broadcast = started(project)
        copy_form = f"{reverse('dashboard:compose', args=[project.slug])}?from={broadcast.pk}"
        assert copy_form in links(listed(signed_in, project), f"broadcast-{broadcast.pk}")

    def test_the_absolute_time_is_there_on_hover(self, signed_in: Client, project: Project) -> None:
        at = clock.now() - timedelta(days=400)
        started(project, BroadcastState.SENT, started_at=at)
        assert (
            f'title="{at:%A} {at.day} {at:%B %Y, %H:%M:%S} UTC"'
            in listed(signed_in, project).content.decode()
        )

    def test_it_shows_markup_as_text(self, signed_in: Client, project: Project) -> None:
        make_broadcast(project, title="<b>bold</b>")
        assert b"<b>bold" not in listed(signed_in, project).content

    def test_it_shows_no_other_projects_rows(
        self, signed_in: Client, project: Project, other_project: Project
    ) -> None:
        make_broadcast(other_project, title="Secret", starred=True)
        answer = listed(signed_in, project)
        assert b"Secret" not in answer.content
        assert part(answer, "states").startswith("All 0 Starred 0")

    def test_an_empty_list_says_what_to_do(self, signed_in: Client, member: Member, project: Project) -> None:
        assert "Compose a broadcast" in part(listed(signed_in, project), "broadcasts")
        viewer = part(listed(member(Role.VIEWER), project), "broadcasts")
        assert "An editor of this project can write the first one." in viewer

    @pytest.mark.parametrize("number", [2, PAGE])
    def test_its_queries_do_not_depend_on_the_rows(
        self, signed_in: Client, project: Project, number: int
    ) -> None:
        copy(started(project))
        few = _queries(signed_in, project)
        for _ in range(number):
            copy(started(project))
        assert _queries(signed_in, project) == few


class TestFilters:
    def test_each_state_has_its_tab_with_a_count(self, signed_in: Client, project: Project) -> None:
        for state in ("draft", "draft", "sending", "paused", "sent", "cancelled"):
            make_broadcast(project, state=state, starred=state == "sent")
        words = part(listed(signed_in, project), "states")
        assert words == "All 6 Starred 1 Drafts 2 Sending 1 Paused 1 Sent 1 Cancelled 1"

    @pytest.mark.parametrize("state", list(BroadcastState))
    def test_a_tab_shows_its_state_alone(
        self, signed_in: Client, project: Project, state: BroadcastState
    ) -> None:
        for each in BroadcastState:
            make_broadcast(project, title=each.value, state=each)
        assert titles(listed(signed_in, project, f"?state={state.value}")) == [state.value]

    def test_the_starred_are_a_tab_too(self, signed_in: Client, project: Project) -> None:
        make_broadcast(project, title="plain")
        make_broadcast(project, title="dear", starred=True)
        assert titles(listed(signed_in, project, "?state=starred")) == ["dear"]

    def test_words_of_the_title_find_it(self, signed_in: Client, project: Project) -> None:
        make_broadcast(project, title="The Coast line reopens")
        make_broadcast(project, title="Something else")
        assert titles(listed(signed_in, project, "?q=%20coast%20")) == ["The Coast line reopens"]

    @pytest.mark.parametrize("wild", ["%25", "_", "\\"])
    def test_a_wildcard_is_a_letter_like_any_other(
        self, signed_in: Client, project: Project, wild: str
    ) -> None:
        make_broadcast(project)
        assert titles(listed(signed_in, project, f"?q={wild}")) == []

    def test_tabs_keep_the_words_and_pages_keep_both(self, signed_in: Client, project: Project) -> None:
        for _ in range(PAGE + 1):
            make_broadcast(project, title="coast")
        answer = listed(signed_in, project, "?state=draft&q=coast")
        assert "?state=sent&q=coast" in links(answer, "states")
        assert answer.context["older"].startswith("?state=draft&q=coast&before=")

    def test_what_fits_nothing_says_how_to_see_all(self, signed_in: Client, project: Project) -> None:
        make_broadcast(project)
        answer = listed(signed_in, project, "?q=nothing")
        assert "No broadcast fits" in part(answer, "broadcasts")
        assert links(answer, "broadcasts") == [reverse("dashboard:broadcasts", args=[project.slug])]

    @pytest.mark.parametrize(
        "query", ["?state=odd", "?q=%00", "?before=x", "?after=-1", f"?before={'9' * 30}", "?after=²"]
    )
    def test_an_odd_address_is_no_error(self, signed_in: Client, project: Project, query: str) -> None:
        make_broadcast(project)
        assert len(titles(listed(signed_in, project, query))) == 1


class TestPages:
    @pytest.fixture
    def many(self, project: Project) -> Project:
        """Two pages and a half of broadcasts, named by their number."""
        for number in range(PAGE * 5 // 2):
            make_broadcast(project, title=str(number))
        return project

    def test_older_and_newer_walk_all_of_them_once(self, signed_in: Client, many: Project) -> None:
        found, pages, query = [], [], ""
        while True:
            answer = listed(signed_in, many, query)
            pages.append(titles(answer))
            found += pages[-1]
            if not answer.context["older"]:
                break
            query = answer.context["older"]
        assert found == [str(number) for number in reversed(range(PAGE * 5 // 2))]
        back = answer.context["newer"]
        for expected in reversed(pages[:-1]):
            answer = listed(signed_in, many, back)
            assert titles(answer) == expected
            back = answer.context["newer"]
        assert back == ""

    def test_the_first_page_has_nothing_newer(self, signed_in: Client, many: Project) -> None:
        answer = listed(signed_in, many)
        assert (answer.context["newer"], has_part(answer, "pager-next")) == ("", True)
        assert not has_part(answer, "pager-previous")

    def test_a_short_list_has_no_pager(self, signed_in: Client, project: Project) -> None:
        make_broadcast(project)
        assert not has_part(listed(signed_in, project), "pager-next")

    def test_the_live_part_asks_for_the_page_it_is(self, signed_in: Client, many: Project) -> None:
        query = listed(signed_in, many).context["older"]
        fragment = listed(signed_in, many, query, **HTMX).content.decode()
        assert f'hx-get="{reverse("dashboard:broadcasts", args=[many.slug])}{query}"' in fragment

    def test_a_new_broadcast_moves_no_older_page(self, signed_in: Client, many: Project) -> None:
        older = f"?before={Broadcast.objects.order_by('-pk')[PAGE - 1].pk}"
        before = titles(listed(signed_in, many, older))
        make_broadcast(many, title="Fresh")
        assert titles(listed(signed_in, many, older)) == before

    @pytest.mark.parametrize("place", ["before=1", "after=999999", "after=" + "9" * 18, "before=0"])
    def test_a_place_beyond_the_ends_is_the_first_page(
        self, signed_in: Client, many: Project, place: str
    ) -> None:
        Broadcast.objects.filter(pk=1).delete()
        first = titles(listed(signed_in, many))
        assert len(first) == PAGE
        assert titles(listed(signed_in, many, f"?{place}")) == first

    def test_going_back_never_ends_on_a_short_first_page(self, signed_in: Client, many: Project) -> None:
        third = Broadcast.objects.order_by("-pk")[3].pk
        assert len(titles(listed(signed_in, many, f"?after={third}"))) == PAGE


class TestLive:
    def test_htmx_gets_the_rows_and_the_counts_alone(self, signed_in: Client, project: Project) -> None:
        make_broadcast(project)
        answer = listed(signed_in, project, **HTMX)
        page = answer.content.decode()
        assert page.lstrip().startswith('<div id="broadcasts"')
        assert 'id="states" aria-label="State" hx-swap-oob="outerMorph"' in page
        assert "<html" not in page

    def test_caches_keep_page_and_fragment_apart(self, signed_in: Client, project: Project) -> None:
        for headers in ({}, HTMX):
            assert "HX-Request" in listed(signed_in, project, **headers).headers["Vary"]

    def test_it_listens_to_its_project(self, signed_in: Client, project: Project) -> None:
        page = listed(signed_in, project).content.decode()
        assert f'data-live="/ws/live/{project.slug}/?topic=project:{project.pk}"' in page
        assert f'hx-trigger="live-project-{project.pk} from:body' in page

    def test_an_old_answer_never_lands_on_a_new_filter(self, signed_in: Client, project: Project) -> None:
        page = listed(signed_in, project).content.decode()
        form = page[page.index('id="broadcast-filters"') :]
        assert 'hx-sync="#broadcasts:replace"' in form[: form.index(">")]
        table = page[page.index('id="broadcasts"') :]
        assert 'hx-sync="this:drop"' in table[: table.index(">")]


class TestStar:
    def test_it_is_put_on_and_taken_off(self, signed_in: Client, project: Project) -> None:
        broadcast = make_broadcast(project)
        star(signed_in, broadcast)
        assert Broadcast.objects.get().starred
        star(signed_in, broadcast, "0")
        assert not Broadcast.objects.get().starred

    def test_twice_the_same_is_once(self, signed_in: Client, project: Project) -> None:
        broadcast = make_broadcast(project)
        star(signed_in, broadcast)
        star(signed_in, broadcast)
        assert Broadcast.objects.get().starred

    def test_htmx_gets_the_new_button(self, signed_in: Client, project: Project) -> None:
        broadcast = make_broadcast(project)
        page = star(signed_in, broadcast, **HTMX).content.decode()
        assert f'id="star-{broadcast.pk}" aria-pressed="true"' in page
        assert 'name="starred" value="0"' in page

    def test_without_a_script_it_leads_back_to_the_list(self, signed_in: Client, project: Project) -> None:
        answer = star(signed_in, make_broadcast(project))
        assert (answer.status_code, answer.headers["Location"]) == (
            303,
            reverse("dashboard:broadcasts", args=[project.slug]),
        )

    def test_it_changes_nothing_else_and_is_audited(self, signed_in: Client, project: Project) -> None:
        broadcast = make_broadcast(project, data={"a": 1}, audience_uids=["x"])
        star(signed_in, broadcast)
        again = Broadcast.objects.get()
        assert (again.data, again.audience_uids, again.state) == ({"a": 1}, ["x"], "draft")
        entry = AuditEntry.objects.get()
        assert (entry.verb, entry.target, entry.detail) == (
            "broadcast.star",
            f"broadcast:{broadcast.pk}",
            {"starred": True},
        )

    def test_a_viewer_sees_stars_and_cannot_set_them(self, member: Member, project: Project) -> None:
        broadcast = make_broadcast(project, starred=True)
        browser = member(Role.VIEWER)
        answer = listed(browser, project)
        assert "Starred" in row(answer, broadcast)
        assert not has_part(answer, f"star-{broadcast.pk}")
        assert star(browser, broadcast, "0").status_code == 403

    def test_another_projects_star_is_out_of_reach(
        self, signed_in: Client, project: Project, other_project: Project
    ) -> None:
        theirs = make_broadcast(other_project)
        url = reverse("dashboard:broadcast_star", args=[project.slug, theirs.pk])
        assert signed_in.post(url, {"starred": "1"}).status_code == 404
        theirs.refresh_from_db()
        assert not theirs.starred

    def test_a_link_sets_none(self, signed_in: Client, project: Project) -> None:
        url = reverse("dashboard:broadcast_star", args=[project.slug, make_broadcast(project).pk])
        assert signed_in.get(url).status_code == 302
        assert not Broadcast.objects.get().starred


def _queries(browser: Client, project: Project) -> int:
    listed(browser, project)  # the first visit notes in the session which project it was
    with CaptureQueriesContext(connection) as queries:
        listed(browser, project)
    return len(queries)
