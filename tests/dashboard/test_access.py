"""Who may call what: every address there is, in one table; and each page of the dashboard, called by everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module, reload

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, clear_url_caches, get_resolver, reverse

from dashboard.access import LAST_PROJECT
from notifications.models import AuditEntry, Membership, Project, Role
from tests.factories import make_broadcast, make_credential, make_device, make_message, make_operator
from tests.notifications.uploads import make_import

Member = Callable[[Role], Client]
ANONYMOUS, OPERATOR, STAFF = "anonymous", "operator", "staff"
VIEWER, EDITOR, SENDER, ADMIN = (role.value for role in Role)

DASHBOARD = {
    # name: (who may, how: what a page is asked with, and an action is done with)
    "home": (OPERATOR, "get"),
    "login": (ANONYMOUS, "get"),
    "logout": (OPERATOR, "post"),
    "overview": (VIEWER, "get"),
    "start": (VIEWER, "get"),
    "compose": (EDITOR, "get"),
    "compose_reach": (EDITOR, "post"),
    "compose_edit": (EDITOR, "get"),
    "broadcasts": (VIEWER, "get"),
    "broadcast": (VIEWER, "get"),
    "broadcast_confirm": (EDITOR, "get"),
    "broadcast_send": (SENDER, "post"),
    "broadcast_star": (EDITOR, "post"),
    "broadcast_messages": (VIEWER, "get"),
    "broadcast_suppressions": (VIEWER, "get"),
    "broadcast_pause": (SENDER, "post"),
    "broadcast_resume": (SENDER, "post"),
    "broadcast_cancel": (SENDER, "post"),
    "broadcast_retry": (SENDER, "post"),
    "message": (VIEWER, "get"),
    "message_retry": (SENDER, "post"),
    "devices": (VIEWER, "get"),
    "device": (VIEWER, "get"),
    "device_test": (SENDER, "post"),
    "device_off": (SENDER, "post"),
    "device_on": (SENDER, "post"),
    "import": (VIEWER, "get"),
    "import_upload": (ADMIN, "post"),
    "import_detail": (VIEWER, "get"),
    "import_start": (ADMIN, "post"),
    "import_cancel": (ADMIN, "post"),
    "import_rejects": (ADMIN, "get"),
    "providers": (VIEWER, "get"),
    "provider_save": (ADMIN, "post"),
    "provider_resume": (SENDER, "post"),
    "provider_pause": (SENDER, "post"),
}
ELSEWHERE = {
    "home": ANONYMOUS,  # leads to the dashboard
    "sandbox:send": ANONYMOUS,  # speaks Expo's protocol; there only in the sandbox
    "sandbox:receipts": ANONYMOUS,
}
ADMIN_OPEN_TO_ALL = {"admin:login", "admin:logout"}
"""Coming in and (by a form only) going out; everything else below /admin/ asks for staff."""

PROJECT_PAGES = [name for name, (who, _) in DASHBOARD.items() if who in list(Role)]


@pytest.fixture
def with_sandbox(settings: pytest.FixtureRequest) -> Iterator[None]:
    """The URLconf as it is in the sandbox."""
    before = settings.CARILLON_SANDBOX
    settings.CARILLON_SANDBOX = True
    _reload_urls()
    yield
    settings.CARILLON_SANDBOX = before
    _reload_urls()


@pytest.fixture
def rows(project: Project) -> dict[str, int]:
    """What the addresses name: a draft, a message, a device, an import of the project, and its key at Expo."""
    make_credential(project)
    broadcast = make_broadcast(project)
    message = make_message(make_device(project), broadcast, state="failed", reason="rejected")
    return {
        "broadcast_id": broadcast.pk,
        "message_id": message.pk,
        "device_id": message.device_id,
        "import_id": make_import(project, []).pk,
    }


class TestTable:
    def test_every_route_has_an_entry(self, with_sandbox: None) -> None:
        missing = [name for name in _names() if name not in _table()]
        assert not missing, f"say in this file who may call {missing}"

    def test_every_entry_has_a_route(self, with_sandbox: None) -> None:
        assert not set(_table()) - set(_names())

    def test_every_page_says_of_itself_what_the_table_says(self) -> None:
        said = {
            name: getattr(pattern.callback, "open_to", "nothing")
            for name, pattern in _routes()
            if name.startswith("dashboard:")
        }
        assert said == {f"dashboard:{name}": who for name, (who, _) in DASHBOARD.items()}

    def test_a_route_without_a_name_would_be_seen(self) -> None:
        assert all(name for name in _names())


class TestProjectPages:
    @pytest.mark.parametrize("name", PROJECT_PAGES)
    def test_anonymous_people_are_asked_to_sign_in(
        self, client: Client, project: Project, rows: dict[str, int], name: str
    ) -> None:
        answer = _call(client, name, project, rows)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(reverse("dashboard:login"))

    @pytest.mark.parametrize("name", PROJECT_PAGES)
    def test_strangers_are_told_there_is_nothing(
        self, outsider: Client, project: Project, rows: dict[str, int], name: str
    ) -> None:
        assert _call(outsider, name, project, rows).status_code == 404

    @pytest.mark.parametrize("name", PROJECT_PAGES)
    def test_a_role_of_another_project_opens_nothing_here(
        self, project: Project, other_project: Project, rows: dict[str, int], name: str
    ) -> None:
        both = make_operator("both", other_project, Role.ADMIN)
        Membership.objects.create(user=both, project=project, role=Role.VIEWER)
        browser = Client()
        browser.force_login(both)
        expected = 403 if DASHBOARD[name][0] != VIEWER else None
        status = _call(browser, name, project, rows).status_code
        assert status == expected or (expected is None and status < 400)

    @pytest.mark.parametrize("role", list(Role))
    @pytest.mark.parametrize("name", PROJECT_PAGES)
    def test_each_role_may_do_what_the_table_says(
        self, member: Member, project: Project, rows: dict[str, int], name: str, role: Role
    ) -> None:
        status = _call(member(role), name, project, rows).status_code
        if role.covers(Role(DASHBOARD[name][0])):
            assert status < 500
            assert status not in (401, 403, 404, 405)
        else:
            assert status == 403

    @pytest.mark.parametrize("name", PROJECT_PAGES)
    def test_a_superuser_may_do_all(
        self, signed_in: Client, project: Project, rows: dict[str, int], name: str
    ) -> None:
        status = _call(signed_in, name, project, rows).status_code
        assert status < 500
        assert status not in (401, 403, 404, 405)

    @pytest.mark.parametrize("name", [n for n, (_, how) in DASHBOARD.items() if how == "post"])
    def test_an_action_asked_for_like_a_page_leads_to_a_page_and_does_nothing(
        self, signed_in: Client, project: Project, rows: dict[str, int], name: str
    ) -> None:
        before = list(AuditEntry.objects.values())
        answer = signed_in.get(_address(name, project, rows))
        assert list(AuditEntry.objects.values()) == before
        assert signed_in.get(answer.headers["Location"]).status_code in (200, 302)

    @pytest.mark.parametrize("name", [n for n, (_, how) in DASHBOARD.items() if how == "post"])
    def test_an_action_needs_a_form_of_ours(
        self, operator: User, project: Project, rows: dict[str, int], name: str
    ) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(operator)
        assert browser.post(_address(name, project, rows)).status_code == 403

    @pytest.mark.parametrize(
        "name",
        [n for n in PROJECT_PAGES if n.startswith(("broadcast_", "message", "compose_edit", "device_"))]
        + ["import_detail", "import_start", "import_cancel", "import_rejects"],
    )
    def test_a_row_of_another_project_is_not_there(
        self, signed_in: Client, other_project: Project, rows: dict[str, int], name: str
    ) -> None:
        assert _call(signed_in, name, other_project, rows).status_code == 404

    @pytest.mark.parametrize("name", [n for n, (_, how) in DASHBOARD.items() if how == "get"])
    def test_a_page_is_only_read(
        self, signed_in: Client, project: Project, rows: dict[str, int], name: str
    ) -> None:
        assert signed_in.delete(_address(name, project, rows)).status_code == 405

    def test_a_project_that_is_not_there_is_not_found(self, signed_in: Client) -> None:
        assert signed_in.get(reverse("dashboard:overview", args=["nothing-here"])).status_code == 404

    def test_a_refusal_names_the_role_that_is_needed(self, member: Member, project: Project) -> None:
        answer = member(Role.VIEWER).get(reverse("dashboard:compose", args=[project.slug]))
        assert f"This needs the role editor in {project}; yours is viewer." in answer.content.decode()

    def test_somebody_whose_account_is_closed_is_out_at_once(self, project: Project) -> None:
        account = make_operator("leaving", project, Role.ADMIN)
        browser = Client()
        browser.force_login(account)
        User.objects.filter(pk=account.pk).update(is_active=False)
        assert browser.get(reverse("dashboard:overview", args=[project.slug])).status_code == 302

    def test_the_project_visited_last_is_noted(self, signed_in: Client, project: Project) -> None:
        signed_in.get(reverse("dashboard:broadcasts", args=[project.slug]))
        assert signed_in.session[LAST_PROJECT] == project.slug

    def test_a_project_that_refused_is_not_noted(self, outsider: Client, project: Project) -> None:
        outsider.get(reverse("dashboard:broadcasts", args=[project.slug]))
        assert LAST_PROJECT not in outsider.session


class TestElsewhere:
    @pytest.mark.parametrize("address", ["/", "/healthz", "/readyz", "/dashboard/login/", "/admin/login/"])
    def test_what_is_open_to_all_answers_anonymous_people(
        self, client: Client, db: None, address: str
    ) -> None:
        assert client.get(address).status_code < 400

    def test_the_front_door_asks_to_sign_in(self, client: Client, db: None) -> None:
        answer = client.get(reverse("dashboard:home"))
        assert answer.headers["Location"] == f"{reverse('dashboard:login')}?next={reverse('dashboard:home')}"

    def test_the_sandbox_is_not_there_without_its_setting(self) -> None:
        assert not [name for name in _names() if name.startswith("sandbox:")]

    @pytest.mark.parametrize("who", [ANONYMOUS, OPERATOR])
    def test_the_admin_is_for_staff(self, client: Client, project: Project, who: str) -> None:
        if who == OPERATOR:
            client.force_login(make_operator("not-staff", project, Role.ADMIN))
        for name, pattern in _routes():
            # One without a name only leads to the next, which has one.
            if name.startswith("admin:") and pattern.name and name not in ADMIN_OPEN_TO_ALL:
                assert _turns_away(client, name, pattern), name

    def test_staff_come_into_the_admin(self, signed_in: Client) -> None:
        assert signed_in.get(reverse("admin:index")).status_code == 200


def _table() -> dict[str, str]:
    """Route → who may call it."""
    inside = {f"dashboard:{name}": who for name, (who, _) in DASHBOARD.items()}
    below_admin = {name: STAFF for name in _names() if name.startswith("admin:")}
    return inside | ELSEWHERE | below_admin | dict.fromkeys(ADMIN_OPEN_TO_ALL, ANONYMOUS)


def _names() -> list[str]:
    return [name for name, _ in _routes()]


def _routes(
    patterns: list[URLPattern | URLResolver] | None = None, space: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Every route there is, by its full name; one without a name by its pattern."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _routes(pattern.url_patterns, inner)
        else:
            yield f"{space}{pattern.name or pattern.pattern}", pattern


def _address(name: str, project: Project, rows: dict[str, int]) -> str:
    """The address of a page, with as much of project, rows and provider as it asks for."""
    pattern = next(pattern for route, pattern in _routes() if route == f"dashboard:{name}")
    given = {"project_slug": project.slug, "provider": "expo", **rows}
    wanted = pattern.pattern.converters
    return reverse(f"dashboard:{name}", kwargs={key: given[key] for key in wanted})


def _call(browser: Client, name: str, project: Project, rows: dict[str, int]) -> HttpResponse:
    """Call a page as it is meant to be called."""
    how = DASHBOARD[name][1]
    return getattr(browser, how)(_address(name, project, rows))


def _turns_away(browser: Client, name: str, pattern: URLPattern) -> bool:
    """Does a page of the admin lead to its sign-in form?"""
    asked_for = [*pattern.pattern.converters, *pattern.pattern.regex.groupindex]
    given = {key: "auth" if key == "app_label" else "1" for key in asked_for}
    answer = browser.get(reverse(name, kwargs=given))
    return answer.status_code == 302 and answer.headers["Location"].startswith(reverse("admin:login"))


def _reload_urls() -> None:
    reload(import_module("config.urls"))
    clear_url_caches()
