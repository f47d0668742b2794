"""Who may call what: every route of the server, with the least that it asks of its caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import reload
from types import ModuleType

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, clear_url_caches, reverse

import config.urls
from dashboard.access import client_ip, needs, open_to, role_in
from dashboard.urls import urlpatterns as dashboard_routes
from notifications.models import Project, Role
from tests.factories import make_broadcast, make_credential, make_device, make_message, make_operator

ROUTES = {
    # name → (who may call it, with which methods)
    "home": ("anonymous", "GET"),
    "healthz": ("anonymous", "GET"),
    "readyz": ("anonymous", "GET"),
    "admin/": ("staff", ""),
    "dashboard:login": ("anonymous", "GET POST"),
    "dashboard:logout": ("operator", "POST"),
    "dashboard:home": ("operator", "GET"),
    "dashboard:overview": ("viewer", "GET"),
    "dashboard:start": ("viewer", "GET"),
    "dashboard:compose": ("editor", "GET POST"),
    "dashboard:compose_reach": ("editor", "POST"),
    "dashboard:compose_edit": ("editor", "GET POST"),
    "dashboard:broadcasts": ("viewer", "GET"),
    "dashboard:broadcast": ("viewer", "GET"),
    "dashboard:broadcast_confirm": ("editor", "GET"),
    "dashboard:broadcast_send": ("sender", "POST"),
    "dashboard:broadcast_star": ("editor", "POST"),
    "dashboard:broadcast_messages": ("viewer", "GET"),
    "dashboard:broadcast_suppressions": ("viewer", "GET"),
    "dashboard:broadcast_pause": ("sender", "POST"),
    "dashboard:broadcast_resume": ("sender", "POST"),
    "dashboard:broadcast_cancel": ("sender", "POST"),
    "dashboard:broadcast_retry": ("sender", "POST"),
    "dashboard:message": ("viewer", "GET"),
    "dashboard:message_retry": ("sender", "POST"),
    "dashboard:providers": ("viewer", "GET"),
    "dashboard:provider_save": ("admin", "POST"),
    "dashboard:provider_resume": ("sender", "POST"),
    "dashboard:provider_pause": ("sender", "POST"),
}
SANDBOX_ROUTES = {
    # It stands in for a vendor: like the vendor, it answers whoever asks.
    "sandbox:send": ("anonymous", "POST"),
    "sandbox:receipts": ("anonymous", "POST"),
}
OF_PROJECTS = [name for name, (who, _) in ROUTES.items() if who in list(Role)]
PREFIXES = {"admin/"}
"""Houses of other people: one entry stands for all their rooms."""


def walk(
    patterns: list[URLPattern | URLResolver], space: str = ""
) -> Iterator[tuple[str, Callable[..., object] | None]]:
    """Every route: its full name (its address where it has none), and its view."""
    for pattern in patterns:
        place = str(pattern.pattern)
        if place in PREFIXES:
            yield place, None
        elif isinstance(pattern, URLResolver):
            below = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from walk(pattern.url_patterns, space + below)
        else:
            yield space + (pattern.name or place), pattern.callback


@pytest.fixture(params=[False, True], ids=["without the sandbox", "with the sandbox"])
def addresses(request: pytest.FixtureRequest, settings: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """The addresses of a server that was started this way."""
    before = settings.CARILLON_SANDBOX  # type: ignore[attr-defined]
    settings.CARILLON_SANDBOX = request.param  # type: ignore[attr-defined]
    yield reload(config.urls)
    settings.CARILLON_SANDBOX = before  # type: ignore[attr-defined]
    reload(config.urls)
    clear_url_caches()


def test_every_route_says_who_may_call_it(addresses: ModuleType, settings: pytest.FixtureRequest) -> None:
    on = settings.CARILLON_SANDBOX  # type: ignore[attr-defined]
    wanted = {**ROUTES, **(SANDBOX_ROUTES if on else {})}
    found = [name for name, _ in walk(addresses.urlpatterns)]
    assert sorted(found) == sorted(wanted)


def test_a_route_without_an_entry_is_found() -> None:
    room = URLResolver(config.urls.urlpatterns[1].pattern, dashboard_routes, app_name="new", namespace="new")
    assert not {name for name, _ in walk([room])} & set(ROUTES)


@pytest.mark.parametrize("name", [name for name in ROUTES if name.startswith("dashboard:")])
def test_a_view_wears_what_the_table_says(name: str) -> None:
    views = dict(walk(dashboard_routes, "dashboard:"))
    assert getattr(views[name], "open_to", "nobody said") == ROUTES[name][0]


# --- Every page of a project, called by everybody ---------------------------------------------------------------------


def address_of(name: str, project: Project) -> str:
    """A route of this project that leads to something there."""
    if "provider_" in name:
        return reverse(name, args=[project.slug, make_credential(project).provider])
    if "message" in name and "broadcast" not in name:
        message = make_message(make_device(project), make_broadcast(project, state="sent"))
        return reverse(name, args=[project.slug, message.pk])
    if "broadcast_" in name or name in ("dashboard:broadcast", "dashboard:compose_edit"):
        return reverse(name, args=[project.slug, make_broadcast(project).pk])
    return reverse(name, args=[project.slug])


@pytest.fixture
def browsers(project: Project, member: Callable[[Role], Client], signed_in: Client) -> dict[str, Client]:
    """Everybody who may come in at all, by role."""
    return {**{role.value: member(role) for role in Role}, "superuser": signed_in}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", OF_PROJECTS)
def test_a_stranger_is_asked_to_sign_in(client: Client, project: Project, name: str, method: str) -> None:
    answer = client.generic(method, address_of(name, project))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/dashboard/login/?next=/dashboard/")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", OF_PROJECTS)
def test_an_admin_from_elsewhere_finds_nothing(
    outsider: Client, project: Project, name: str, method: str
) -> None:
    assert outsider.generic(method, address_of(name, project)).status_code == 404


@pytest.mark.parametrize("name", OF_PROJECTS)
def test_each_role_gets_as_far_as_the_table_says(
    browsers: dict[str, Client], project: Project, name: str
) -> None:
    least, methods = ROUTES[name]
    for who, browser in browsers.items():
        enough = who == "superuser" or Role(who).covers(Role(least))
        for method in ("GET", "POST"):
            status = browser.generic(method, address_of(name, project)).status_code
            case = f"{method} by {who}: {status}"
            if not enough:
                assert status == 403, case
            elif method not in methods.split():
                assert status == 405, case
            else:
                assert status < 300 or status in (302, 303, 400, 409, 422), case


@pytest.mark.parametrize("name", ["dashboard:login", "home", "healthz", "readyz"])
def test_what_is_open_to_all_asks_nobody_to_sign_in(client: Client, db: None, name: str) -> None:
    answer = client.get(reverse(name) if name in ("home", "dashboard:login") else f"/{name}")
    assert answer.status_code in (200, 302)
    assert "next=" not in answer.headers.get("Location", "")


def test_an_operator_who_is_no_staff_does_not_get_into_the_admin(member: Callable[[Role], Client]) -> None:
    answer = member(Role.ADMIN).get("/admin/")
    assert answer.headers["Location"].startswith("/admin/login/")


# --- The decorators ---------------------------------------------------------------------------------------------------


def test_too_small_a_role_is_told_which_one_is_needed(
    member: Callable[[Role], Client], project: Project
) -> None:
    page = member(Role.VIEWER).get(reverse("dashboard:compose", args=[project.slug]))
    assert "This needs the role editor in" in page.content.decode()


def test_an_id_that_no_database_can_hold_leads_nowhere(signed_in: Client, project: Project) -> None:
    assert signed_in.get(f"/dashboard/{project.slug}/broadcasts/{'9' * 30}/").status_code == 404
    assert signed_in.get(f"/dashboard/{project.slug}/compose/{'9' * 30}/").status_code == 404


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(client: Client, project: Project) -> None:
    send = address_of("dashboard:broadcast_send", project)
    confirm = send.replace("/send/", "/confirm/")
    answer = client.post(send, headers={"Referer": f"http://testserver{confirm}"})
    assert answer.headers["Location"] == f"/dashboard/login/?next={confirm}"


def test_a_form_sent_from_elsewhere_leads_to_the_front_door(client: Client, project: Project) -> None:
    send = address_of("dashboard:broadcast_send", project)
    answer = client.post(send, headers={"Referer": "https://evil.example/trap/"})
    assert answer.headers["Location"] == "/dashboard/login/?next=/dashboard/"


def test_an_operator_whose_account_is_closed_is_out_at_once(project: Project) -> None:
    user = make_operator("leaver", project, Role.ADMIN)
    browser = Client()
    browser.force_login(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert browser.get(reverse("dashboard:start", args=[project.slug])).status_code == 302


def test_a_fragment_is_no_visit(signed_in: Client, project: Project, other_project: Project) -> None:
    signed_in.get(reverse("dashboard:start", args=[project.slug]))
    signed_in.get(reverse("dashboard:start", args=[other_project.slug]), headers={"HX-Request": "true"})
    assert signed_in.session["project"] == project.slug


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
