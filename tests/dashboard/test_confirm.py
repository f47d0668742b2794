"""Confirming a broadcast, and sending it: exactly what was seen, to exactly as many, exactly once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notifications.models import AuditEntry, Broadcast, BroadcastState, NotificationPriority, Project, Role
from tests.dashboard.reading import has_part
from tests.dashboard.test_compose import edit
from tests.factories import make_account, make_broadcast, make_device, make_people
from tests.notifications.rows import mute

Member = Callable[[Role], Client]


def page_of(broadcast: Broadcast) -> str:
    return reverse("dashboard:broadcast", args=[broadcast.project.slug, broadcast.pk])


def confirm(browser: Client, broadcast: Broadcast) -> HttpResponse:
    return browser.get(reverse("dashboard:broadcast_confirm", args=[broadcast.project.slug, broadcast.pk]))


def send(browser: Client, broadcast: Broadcast, **fields: object) -> HttpResponse:
    return browser.post(
        reverse("dashboard:broadcast_send", args=[broadcast.project.slug, broadcast.pk]), fields
    )


def seen(browser: Client, broadcast: Broadcast) -> dict[str, object]:
    """What the form of the page carries along."""
    context = confirm(browser, broadcast).context
    return {"people": context["panel"].addressed, "seen": context["seen"]}


def state_of(broadcast: Broadcast) -> str:
    broadcast.refresh_from_db()
    return broadcast.state


@pytest.fixture
def draft(project: Project) -> Broadcast:
    """A draft to everyone: three people with a device each, one without."""
    make_people(project, 3)
    make_account(project, "without-a-device")
    return make_broadcast(project, link="https://northlight.example/coast", data={"screen": "news"})


class TestConfirm:
    def test_it_shows_what_will_be_sent(self, signed_in: Client, draft: Broadcast) -> None:
        page = confirm(signed_in, draft).content.decode()
        assert "Trains run again." in page
        assert "https://northlight.example/coast" in page
        assert "screen" in page
        assert "Everyone in " in page

    def test_it_says_to_how_many(self, signed_in: Client, draft: Broadcast) -> None:
        page = confirm(signed_in, draft).content.decode()
        assert "Send this to 4 people?" in page
        assert "Send to 4 people</button>" in page
        assert "3 devices" in page

    def test_it_writes_thousands_apart(self, signed_in: Client, project: Project) -> None:
        make_people(project, 1000)
        assert "Send to 1,000 people</button>" in confirm(signed_in, make_broadcast(project)).content.decode()

    def test_the_panel_the_page_and_the_start_agree_on_what_is_critical(
        self, signed_in: Client, project: Project
    ) -> None:
        quiet = make_account(project)
        make_device(project, quiet)
        mute(quiet)
        draft = make_broadcast(project, priority=NotificationPriority.CRITICAL)
        panel = signed_in.get(edit(draft)).context["panel"]
        fields = seen(signed_in, draft)
        send(signed_in, draft, **fields)
        started = AuditEntry.objects.get(verb="broadcast.start").detail
        assert panel.addressed == fields["people"] == started["addressed"] == 1

    def test_it_counts_devices_without_an_account_by_themselves(
        self, signed_in: Client, project: Project
    ) -> None:
        make_device(project)
        make_device(project)
        draft = make_broadcast(project)
        assert "Send to 2 devices</button>" in confirm(signed_in, draft).content.decode()

    def test_it_lists_the_first_twenty_uids_that_nobody_answers_to(
        self, signed_in: Client, project: Project
    ) -> None:
        make_device(project, make_account(project, "ada"))
        uids = ["ada", *(f"ghost{n:02}" for n in range(25))]
        draft = make_broadcast(project, audience_kind="uids", audience_uids=uids)
        page = confirm(signed_in, draft).content.decode()
        assert "Send to 1 person</button>" in page
        assert "Nobody answers to 25 of the uids" in page
        assert "<code>ghost19</code> and 5 more" in page
        assert "ghost20" not in page

    def test_it_offers_no_button_when_nobody_would_get_it(self, signed_in: Client, project: Project) -> None:
        answer = confirm(signed_in, make_broadcast(project))
        assert "Nobody would get this" in answer.content.decode()
        assert "Import some first." in answer.content.decode()
        assert not has_part(answer, "send")

    def test_it_says_why_a_push_reaches_nobody(self, signed_in: Client, project: Project) -> None:
        make_account(project, "without-a-device")
        page = confirm(signed_in, make_broadcast(project, channels=["push"])).content.decode()
        assert "The person has no active device." in page
        assert "Everybody meant is left out" in page

    def test_it_leads_back_to_editing(self, signed_in: Client, draft: Broadcast) -> None:
        back = reverse("dashboard:compose_edit", args=[draft.project.slug, draft.pk])
        assert f'href="{back}"' in confirm(signed_in, draft).content.decode()

    def test_an_editor_sees_it_without_the_button(self, member: Member, draft: Broadcast) -> None:
        answer = confirm(member(Role.EDITOR), draft)
        assert answer.status_code == 200
        assert not has_part(answer, "send")
        assert "Your role is editor" in answer.content.decode()

    def test_a_viewer_does_not(self, member: Member, draft: Broadcast) -> None:
        assert confirm(member(Role.VIEWER), draft).status_code == 403

    @pytest.mark.parametrize("state", [state for state in BroadcastState if state != BroadcastState.DRAFT])
    def test_what_has_started_leads_to_its_page(
        self, signed_in: Client, project: Project, state: BroadcastState
    ) -> None:
        broadcast = make_broadcast(project, state=state)
        assert confirm(signed_in, broadcast).headers["Location"] == page_of(broadcast)

    def test_another_projects_draft_is_not_there(
        self, signed_in: Client, project: Project, other_project: Project
    ) -> None:
        theirs = make_broadcast(other_project)
        url = reverse("dashboard:broadcast_confirm", args=[project.slug, theirs.pk])
        assert signed_in.get(url).status_code == 404

    def test_its_queries_do_not_depend_on_the_audience(self, signed_in: Client, draft: Broadcast) -> None:
        few = _queries(signed_in, draft)
        make_people(draft.project, 30)
        assert _queries(signed_in, draft) == few


class TestSend:
    def test_it_starts_what_was_seen(self, signed_in: Client, draft: Broadcast) -> None:
        answer = send(signed_in, draft, **seen(signed_in, draft))
        assert (answer.status_code, answer.headers["Location"]) == (303, page_of(draft))
        assert state_of(draft) == "sending"
        assert draft.reach["people"] == 4
        detail = AuditEntry.objects.get(verb="broadcast.start").detail
        assert detail == {"addressed": 4, "confirmed": 4}

    def test_a_second_click_does_no_harm(self, signed_in: Client, draft: Broadcast) -> None:
        fields = seen(signed_in, draft)
        send(signed_in, draft, **fields)
        answer = send(signed_in, draft, **fields)
        assert (answer.status_code, answer.headers["Location"]) == (303, page_of(draft))
        assert AuditEntry.objects.filter(verb="broadcast.start").count() == 1

    @pytest.mark.parametrize("change", [1, -1])
    def test_it_asks_again_when_the_number_changed(
        self, signed_in: Client, draft: Broadcast, change: int
    ) -> None:
        fields = seen(signed_in, draft)
        if change > 0:
            make_account(draft.project, "newcomer")
        else:
            draft.project.identities.first().delete()
        answer = send(signed_in, draft, **fields)
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "The audience changed meanwhile." in page
        assert f"Send to {4 + change} people</button>" in page
        assert state_of(draft) == "draft"

    def test_it_asks_again_when_the_words_changed(self, signed_in: Client, draft: Broadcast) -> None:
        fields = seen(signed_in, draft)
        Broadcast.objects.filter(pk=draft.pk).update(body="Somebody else wrote this.")
        answer = send(signed_in, draft, **fields)
        assert answer.status_code == 409
        assert "Somebody changed this draft meanwhile." in answer.content.decode()
        assert "Somebody else wrote this." in answer.content.decode()
        assert state_of(draft) == "draft"

    def test_it_asks_when_nothing_was_seen(self, signed_in: Client, draft: Broadcast) -> None:
        assert send(signed_in, draft).status_code == 409
        assert send(signed_in, draft, people="all", seen="").status_code == 409
        assert state_of(draft) == "draft"

    def test_it_says_so_when_nobody_would_get_it(self, signed_in: Client, project: Project) -> None:
        draft = make_broadcast(project)
        answer = send(signed_in, draft, **seen(signed_in, draft))
        assert answer.status_code == 422
        assert "Nobody would get this" in answer.content.decode()
        assert state_of(draft) == "draft"

    @pytest.mark.parametrize("state", [state for state in BroadcastState if state != BroadcastState.DRAFT])
    def test_it_leaves_alone_what_is_no_draft(
        self, signed_in: Client, project: Project, state: BroadcastState
    ) -> None:
        broadcast = make_broadcast(project, state=state)
        assert send(signed_in, broadcast).headers["Location"] == page_of(broadcast)
        assert state_of(broadcast) == state

    @pytest.mark.parametrize("role", [Role.SENDER, Role.ADMIN])
    def test_a_sender_may(self, member: Member, draft: Broadcast, role: Role) -> None:
        browser = member(role)
        assert send(browser, draft, **seen(browser, draft)).status_code == 303
        assert state_of(draft) == "sending"

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
    def test_a_smaller_role_may_not(
        self, signed_in: Client, member: Member, draft: Broadcast, role: Role
    ) -> None:
        assert send(member(role), draft, **seen(signed_in, draft)).status_code == 403
        assert state_of(draft) == "draft"

    def test_a_link_cannot(self, signed_in: Client, draft: Broadcast) -> None:
        url = reverse("dashboard:broadcast_send", args=[draft.project.slug, draft.pk])
        assert signed_in.get(url).status_code == 302
        assert state_of(draft) == "draft"
        assert state_of(draft) == "draft"

    def test_another_page_cannot(self, operator: object, draft: Broadcast) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(operator)  # type: ignore[arg-type]
        assert send(browser, draft).status_code == 403
        assert state_of(draft) == "draft"


def _queries(browser: Client, broadcast: Broadcast) -> int:
    confirm(browser, broadcast)  # the first visit notes in the session which project it was
    with CaptureQueriesContext(connection) as queries:
        confirm(browser, broadcast)
    return len(queries)
