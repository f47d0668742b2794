"""Composing: the form, what it saves, and the reach beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notifications import clock
from notifications.actions.drafts import fingerprint
from notifications.models import AuditEntry, Broadcast, BroadcastState, Project, Recipient, Role
from tests.dashboard.reading import part
from tests.dashboard.test_forms import FILLED
from tests.factories import make_account, make_broadcast, make_device, make_people
from tests.notifications.rows import mute

Member = Callable[[Role], Client]


def compose(project: Project, name: str = "compose") -> str:
    return reverse(f"dashboard:{name}", args=[project.slug])


def edit(broadcast: Broadcast) -> str:
    return reverse("dashboard:compose_edit", args=[broadcast.project.slug, broadcast.pk])


def confirm(broadcast: Broadcast) -> str:
    return reverse("dashboard:broadcast_confirm", args=[broadcast.project.slug, broadcast.pk])


def reach(browser: Client, project: Project, **fields: object) -> HttpResponse:
    """The reach panel, as htmx asks for it."""
    given = {"audience": "everyone", "channels": ["bell", "push"], **fields}
    return browser.post(compose(project, "compose_reach"), given, headers={"HX-Request": "true"})


class TestNew:
    def test_it_opens_empty(self, signed_in: Client, project: Project) -> None:
        page = signed_in.get(compose(project))
        assert page.status_code == 200
        assert page.context["form"]["title"].value() is None
        assert page.context["form"]["channels"].value() == ["bell", "push"]

    def test_it_saves_a_draft_and_goes_on_to_confirm_it(self, signed_in: Client, project: Project) -> None:
        answer = signed_in.post(compose(project), FILLED)
        draft = Broadcast.objects.get()
        assert (answer.status_code, answer.headers["Location"]) == (303, confirm(draft))
        assert (draft.state, draft.title, draft.data) == ("draft", FILLED["title"], {"screen": "news"})
        assert draft.created_by is not None
        assert AuditEntry.objects.get().verb == "broadcast.compose"

    def test_it_marks_what_is_wrong_and_saves_nothing(self, signed_in: Client, project: Project) -> None:
        answer = signed_in.post(compose(project), {**FILLED, "data": "{bad", "link": "nope nope"})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "This is not JSON" in part(answer, "id_data_error")
        assert "Write a whole address" in part(answer, "id_link_error")
        assert 'aria-describedby="id_data_helptext id_data_error"' in page
        assert "{bad" in page
        assert FILLED["title"] in page
        assert not Broadcast.objects.exists()

    def test_it_asks_for_everything_when_nothing_is_posted(self, signed_in: Client, project: Project) -> None:
        answer = signed_in.post(compose(project), {})
        assert answer.status_code == 422
        assert set(answer.context["form"].errors) == {"title", "channels", "audience", "priority"}

    def test_it_shows_markup_as_text(self, signed_in: Client, project: Project) -> None:
        page = signed_in.post(compose(project), {**FILLED, "title": "<b>x</b>", "data": "{"}).content.decode()
        assert "<b>x</b>" not in page
        assert page.count("&lt;b&gt;x&lt;/b&gt;") == 4  # the field and three previews

    def test_it_starts_from_another_broadcast(self, signed_in: Client, project: Project) -> None:
        other = make_broadcast(project, title="Once more", state=BroadcastState.SENT, channels=["push"])
        form = signed_in.get(f"{compose(project)}?from={other.pk}").context["form"]
        assert (form["title"].value(), form["channels"].value()) == ("Once more", ["push"])

    @pytest.mark.parametrize("wanted", ["0", "-1", "x", "9" * 30, "²"])
    def test_it_starts_empty_from_a_broadcast_that_is_not_there(
        self, signed_in: Client, project: Project, wanted: str
    ) -> None:
        form = signed_in.get(compose(project), {"from": wanted}).context["form"]
        assert form["title"].value() is None

    def test_it_never_starts_from_another_projects_broadcast(
        self, signed_in: Client, project: Project, other_project: Project
    ) -> None:
        secret = make_broadcast(other_project, title="Secret")
        assert b"Secret" not in signed_in.get(f"{compose(project)}?from={secret.pk}").content


class TestEdit:
    def test_it_opens_with_the_words_of_the_draft(self, signed_in: Client, project: Project) -> None:
        draft = make_broadcast(project, data={"a": 1}, audience_kind="uids", audience_uids=["x", "y"])
        form = signed_in.get(edit(draft)).context["form"]
        assert form["title"].value() == draft.title
        assert form["uids"].value() == "x\ny"

    def test_it_saves_the_changes(self, signed_in: Client, project: Project) -> None:
        draft = make_broadcast(project)
        typed = {**FILLED, "title": "Changed", "priority": "1", "seen": fingerprint(draft)}
        answer = signed_in.post(edit(draft), typed)
        draft.refresh_from_db()
        assert (answer.status_code, answer.headers["Location"]) == (303, confirm(draft))
        assert (draft.title, draft.priority) == ("Changed", 1)

    def test_it_keeps_the_draft_as_it_was_when_something_is_wrong(
        self, signed_in: Client, project: Project
    ) -> None:
        draft = make_broadcast(project)
        assert signed_in.post(edit(draft), {**FILLED, "title": ""}).status_code == 422
        draft.refresh_from_db()
        assert draft.title == "The coast line reopens"

    @pytest.mark.parametrize("state", [state for state in BroadcastState if state != BroadcastState.DRAFT])
    def test_what_has_started_leads_to_its_page(
        self, signed_in: Client, project: Project, state: BroadcastState
    ) -> None:
        broadcast = make_broadcast(project, state=state)
        there = reverse("dashboard:broadcast", args=[project.slug, broadcast.pk])
        answer = signed_in.get(edit(broadcast))
        assert (answer.status_code, answer.headers["Location"]) == (303, there)

    def test_it_does_not_know_another_projects_draft(
        self, signed_in: Client, project: Project, other_project: Project
    ) -> None:
        theirs = make_broadcast(other_project)
        answer = signed_in.get(reverse("dashboard:compose_edit", args=[project.slug, theirs.pk]))
        assert answer.status_code == 404


class TestReach:
    def test_it_counts_people_and_devices(self, signed_in: Client, project: Project) -> None:
        make_people(project, 3)
        make_account(project, "without-a-device")
        make_device(project)
        answer = reach(signed_in, project)
        words = part(answer, "reach")
        assert "4 people and 1 device without an account" in words
        assert "push and in-app 3 in-app only 1 devices without an account 1" in words
        assert "In-app: 4 people · Push: 4 devices" in words

    def test_it_answers_with_the_panel_alone(self, signed_in: Client, project: Project) -> None:
        page = reach(signed_in, project).content.decode()
        assert page.lstrip().startswith('<section class="card" id="reach"')
        assert "<html" not in page

    def test_it_counts_uids_and_those_that_nobody_answers_to(
        self, signed_in: Client, project: Project
    ) -> None:
        make_device(project, make_account(project, "ada"))
        words = part(reach(signed_in, project, audience="uids", uids="ada, bob carl ada"), "reach")
        assert words.startswith("Reach 1 person")
        assert "Nobody answers to these uids. 2" in words

    def test_a_uid_with_a_comma_in_it_is_one_person(self, signed_in: Client, project: Project) -> None:
        for uid in ("acme, bob", "acme", "bob"):
            make_account(project, uid)
        words = part(reach(signed_in, project, audience="uids", uids='"acme, bob"'), "reach")
        assert words.startswith("Reach 1 person")

    def test_by_push_alone_it_leaves_out_people_without_a_device(
        self, signed_in: Client, project: Project
    ) -> None:
        make_people(project, 2)
        make_account(project, "without-a-device")
        words = part(reach(signed_in, project, channels=["push"]), "reach")
        assert "2 people" in words
        assert "left out 1" in words
        assert "The person has no active device. 1" in words

    def test_it_says_who_is_left_out_and_why(self, signed_in: Client, project: Project) -> None:
        make_people(project, 1)
        make_account(project, "closed", is_active=False)
        quiet = make_account(project, "quiet")
        Recipient.objects.create(user=quiet, muted_until=clock.now() + timedelta(hours=1))
        words = part(reach(signed_in, project), "reach")
        assert "left out 2" in words
        assert "The account is switched off. 1" in words
        assert "The person has muted all notifications for now. 1" in words

    @pytest.mark.parametrize(("priority", "said"), [("1", "1 person"), ("3", "Nobody"), ("x", "Nobody")])
    def test_what_is_critical_reaches_whoever_muted_the_rest(
        self, signed_in: Client, project: Project, priority: str, said: str
    ) -> None:
        quiet = make_account(project)
        make_device(project, quiet)
        mute(quiet)
        answer = reach(signed_in, project, priority=priority)
        assert part(answer, "reach").startswith(f"Reach {said}")

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({}, "Import some first."),
            ({"channels": []}, "No channel is chosen."),
            ({"audience": "uids", "uids": "ghost"}, "Nobody answers to these uids."),
            ({"audience": "uids", "uids": ""}, "No uid is given."),
        ],
    )
    def test_it_says_why_nobody_would_get_it(
        self, signed_in: Client, project: Project, fields: dict[str, object], said: str
    ) -> None:
        words = part(reach(signed_in, project, **fields), "reach")
        assert "Nobody" in words
        assert said in words

    def test_a_form_half_filled_in_is_no_error(self, signed_in: Client, project: Project) -> None:
        url = compose(project, "compose_reach")
        assert signed_in.post(url, {}).status_code == 200
        assert signed_in.post(url, {"audience": "what", "channels": "pigeon"}).status_code == 200
        assert (
            signed_in.post(url, {"audience": "uids", "uids": "a\0b", "channels": "bell"}).status_code == 200
        )

    def test_it_counts_another_projects_people_for_nobody(
        self, signed_in: Client, project: Project, other_project: Project
    ) -> None:
        make_people(other_project, 3)
        assert "3 people" not in part(reach(signed_in, project), "reach")

    def test_its_queries_do_not_depend_on_the_audience(self, signed_in: Client, project: Project) -> None:
        make_people(project, 1)
        few = _queries(signed_in, project)
        make_people(project, 30)
        assert _queries(signed_in, project) == few


@pytest.mark.parametrize("role", [Role.EDITOR, Role.SENDER, Role.ADMIN])
def test_an_editor_and_whoever_may_more_can_compose(member: Member, project: Project, role: Role) -> None:
    browser = member(role)
    assert browser.get(compose(project)).status_code == 200
    assert browser.post(compose(project), FILLED).status_code == 303


def test_a_viewer_can_not(member: Member, project: Project) -> None:
    browser = member(Role.VIEWER)
    assert browser.get(compose(project)).status_code == 403
    assert browser.post(compose(project), FILLED).status_code == 403
    assert reach(browser, project).status_code == 403
    assert not Broadcast.objects.exists()


def test_without_a_script_the_form_says_how_many_and_how_long(signed_in: Client, project: Project) -> None:
    make_people(project, 3)
    answer = signed_in.get(compose(project))
    assert "3 people" in part(answer, "reach")
    assert "65 characters on a lock screen" in answer.content.decode()


def test_the_form_knows_what_every_copy_carries_besides_its_words(
    signed_in: Client, project: Project
) -> None:
    draft = make_broadcast(project, title="Coast", body="Open.", data={})
    besides = signed_in.get(edit(draft)).context["payload_besides"]
    whole = signed_in.get(confirm(draft)).context["payload_bytes"]
    assert whole == len('{"title":"Coast","body":"Open."}') + besides - 1


def _queries(browser: Client, project: Project) -> int:
    reach(browser, project)  # the first visit notes in the session which project it was
    with CaptureQueriesContext(connection) as queries:
        reach(browser, project)
    return len(queries)
