"""What the access decorators do for everybody alike: who is let in, where strangers are led, what is noted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, resolve, reverse

from dashboard.access import LAST_PROJECT, client_ip, needs, open_to, role_in
from dashboard.urls import urlpatterns
from notifications.models import Project, Role
from tests.factories import make_broadcast, make_credential, make_device, make_message
from tests.notifications.uploads import make_import

Member = Callable[[Role], Client]
PAGES = [page for page in urlpatterns if page.callback.open_to in list(Role)]
NAMES = [page.name for page in PAGES]


def address_of(page: URLPattern, project: Project) -> str:
    """The address of a page of this project, about rows that are there."""
    draft = make_broadcast(project)
    device = make_device(project)
    message = make_message(device, draft, state="failed", reason="rejected")
    given = {
        "project_slug": project.slug,
        "broadcast_id": draft.pk,
        "message_id": message.pk,
        "device_id": device.pk,
        "import_id": make_import(project, []).pk,
        "provider": make_credential(project).provider,
    }
    return reverse(f"dashboard:{page.name}", kwargs={name: given[name] for name in page.pattern.converters})


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_strangers_and_outsiders_get_nowhere_by_any_method(
    client: Client, outsider: Client, project: Project, page: URLPattern, method: str
) -> None:
    address = address_of(page, project)
    stranger = client.generic(method, address)
    assert stranger.headers["Location"].startswith("/dashboard/login/?next=/dashboard/")
    assert outsider.generic(method, address).status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_too_small_a_role_is_refused_by_any_method(
    member: Member, project: Project, page: URLPattern, method: str
) -> None:
    for role in Role:
        status = member(role).generic(method, address_of(page, project)).status_code
        if role.covers(Role(page.callback.open_to)):
            assert status < 500, f"{role}: {status}"
            assert status not in (401, 403, 404), f"{role}: {status}"
        else:
            assert status == 403, f"{role}: {status}"


def test_a_page_asked_for_is_where_one_comes_after_signing_in(client: Client, project: Project) -> None:
    wanted = reverse("dashboard:broadcasts", args=[project.slug])
    answer = client.get(wanted, {"state": "sent"})
    assert answer.headers["Location"] == f"/dashboard/login/?next={wanted}%3Fstate%3Dsent"


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(client: Client, project: Project) -> None:
    broadcast = make_broadcast(project)
    confirm = reverse("dashboard:broadcast_confirm", args=[project.slug, broadcast.pk])
    send = reverse("dashboard:broadcast_send", args=[project.slug, broadcast.pk])
    answer = client.post(send, headers={"Referer": f"http://testserver{confirm}"})
    assert answer.headers["Location"] == f"/dashboard/login/?next={confirm}"


def test_the_query_of_that_page_is_kept(client: Client, project: Project) -> None:
    compose = reverse("dashboard:compose", args=[project.slug])
    answer = client.post(compose, headers={"Referer": f"http://testserver{compose}?from=3"})
    assert answer.headers["Location"] == f"/dashboard/login/?next={compose}%3Ffrom%3D3"


@pytest.mark.parametrize("came_from", ["", "https://evil.example/trap/", "http://[", "nonsense"])
def test_a_form_from_elsewhere_leads_to_the_front_door(
    client: Client, project: Project, came_from: str
) -> None:
    star = reverse("dashboard:broadcast_star", args=[project.slug, make_broadcast(project).pk])
    answer = client.post(star, headers={"Referer": came_from})
    assert answer.headers["Location"] == "/dashboard/login/?next=/dashboard/"


@pytest.mark.parametrize(
    ("action", "page"),
    [
        ("broadcast_send", "broadcast_confirm"),
        ("broadcast_pause", "broadcast"),
        ("message_retry", "message"),
        ("provider_save", "providers"),
        ("compose_reach", "compose"),
    ],
)
def test_an_action_asked_for_like_a_page_leads_to_the_page_with_its_button(
    signed_in: Client, project: Project, action: str, page: str
) -> None:
    route = next(each for each in PAGES if each.name == action)
    there = signed_in.get(address_of(route, project)).headers["Location"]
    assert resolve(there).url_name == page
    assert signed_in.get(there).status_code == 200


def test_what_is_asked_for_wrongly_is_told_in_words(signed_in: Client, project: Project) -> None:
    answer = signed_in.delete(reverse("dashboard:overview", args=[project.slug]))
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert "This address does not work that way" in answer.content.decode()


def test_an_id_that_no_database_can_hold_leads_nowhere(signed_in: Client, project: Project) -> None:
    for place in ("broadcasts", "compose", "messages"):
        assert signed_in.get(f"/dashboard/{project.slug}/{place}/{'9' * 30}/").status_code == 404


def test_a_fragment_is_no_visit(signed_in: Client, project: Project, other_project: Project) -> None:
    signed_in.get(reverse("dashboard:start", args=[project.slug]))
    signed_in.get(reverse("dashboard:start", args=[other_project.slug]), headers={"HX-Request": "true"})
    assert signed_in.session[LAST_PROJECT] == project.slug


def test_a_view_keeps_its_name_and_its_words() -> None:
    @needs(Role.VIEWER)
    def page(request: object, project: Project) -> HttpResponse:
        """What it is."""
        return HttpResponse()

    assert (page.__name__, page.__doc__) == ("page", "What it is.")


def test_marking_one_view_marks_no_other() -> None:
    def page(request: object) -> HttpResponse:
        return HttpResponse()

    open_to("anonymous")(page)
    assert not hasattr(page, "open_to")


def test_a_superuser_is_admin_everywhere(operator: User, other_project: Project) -> None:
    assert role_in(operator, other_project) == Role.ADMIN


def test_who_is_on_no_team_has_no_role(project: Project) -> None:
    assert role_in(User.objects.create_user("guest"), project) is None


@pytest.mark.parametrize(
    ("told", "understood"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:DB8::0:1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("unix:", None),
        ("", None),
        ("192.0.2.7:8080", None),
    ],
)
def test_only_an_address_is_an_address(rf: RequestFactory, told: str, understood: str | None) -> None:
    assert client_ip(rf.get("/", REMOTE_ADDR=told)) == understood
