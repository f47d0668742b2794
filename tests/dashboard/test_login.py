"""Signing in and out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dashboard.models import LoginAttempt
from notifications import clock
from notifications.models import AuditEntry, Project, Role
from tests.factories import make_operator

LOGIN = "/dashboard/login/"
WRONG = "That name and password do not go together"


def sign_in(
    browser: Client, name: str = "operator", password: str = "correct horse", **extra: str
) -> HttpResponse:
    """Post the form; REMOTE_ADDR and the like go in capitals, other fields as they are."""
    headers = {key: value for key, value in extra.items() if key.isupper()}
    fields = {key: value for key, value in extra.items() if not key.isupper()}
    return browser.post(LOGIN, {"username": name, "password": password, **fields}, **headers)


def test_the_form_is_open_to_anybody(client: Client, db: None) -> None:
    page = client.get(LOGIN)
    assert page.status_code == 200
    assert 'name="username"' in page.content.decode()


def test_the_form_is_never_kept_by_a_browser(client: Client, db: None) -> None:
    assert "no-store" in client.get(LOGIN).headers["Cache-Control"]


def test_the_right_password_leads_to_the_front_door(client: Client, operator: User) -> None:
    answer = sign_in(client)
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("dashboard:home"))
    assert client.get(reverse("dashboard:home")).status_code == 302


def test_after_signing_in_one_is_where_one_wanted_to_be(
    client: Client, operator: User, project: Project
) -> None:
    wanted = reverse("dashboard:providers", args=[project.slug])
    asked = client.get(wanted)
    assert asked.headers["Location"] == f"{LOGIN}?next={wanted}"
    assert f'name="next" value="{wanted}"' in client.get(asked.headers["Location"]).content.decode()
    assert sign_in(client, next=wanted).headers["Location"] == wanted


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
    ],
)
def test_nobody_is_led_elsewhere(client: Client, operator: User, elsewhere: str) -> None:
    assert sign_in(client, next=elsewhere).headers["Location"] == reverse("dashboard:home")


def test_a_wrong_password_is_told_and_the_name_kept(client: Client, operator: User) -> None:
    answer = sign_in(client, password="wrong")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert WRONG in page
    assert 'value="operator"' in page
    assert "wrong" not in page.replace(WRONG, "")


def test_a_stranger_and_a_wrong_password_get_the_same_words(client: Client, operator: User) -> None:
    known = sign_in(client, password="wrong").content.decode()
    unknown = sign_in(client, name="nobody00", password="wrong").content.decode()
    assert WRONG in known
    assert _without_tokens(unknown).replace("nobody00", "operator") == _without_tokens(known)


def test_a_closed_account_gets_the_same_words(client: Client, operator: User) -> None:
    User.objects.filter(pk=operator.pk).update(is_active=False)
    answer = sign_in(client)
    assert answer.status_code == 422
    assert WRONG in answer.content.decode()


def test_an_account_without_a_project_is_told_whom_to_ask(client: Client, db: None) -> None:
    User.objects.create_user("guest", password="correct horse")
    answer = sign_in(client, name="guest")
    assert answer.status_code == 422
    assert "manage.py grant guest viewer" in answer.content.decode()
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("name", ["", "a\0b", "n" * 200, "😀", "\ufdfa" * 100])
def test_an_odd_name_is_no_error(client: Client, db: None, name: str) -> None:
    assert sign_in(client, name=name).status_code == 422


def test_an_empty_form_asks_for_both(client: Client, db: None) -> None:
    answer = client.post(LOGIN, {})
    assert answer.status_code == 422
    assert "Enter your name and your password." in answer.content.decode()


def test_the_session_gets_a_new_key(client: Client, operator: User) -> None:
    session = client.session
    session["before"] = True
    session.save()
    before = session.session_key
    sign_in(client)
    assert client.session.session_key != before


def test_coming_in_is_audited(client: Client, operator: User) -> None:
    sign_in(client, REMOTE_ADDR="192.0.2.7")
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor_id, entry.ip) == ("login", operator.pk, "192.0.2.7")
    assert entry.target == f"user:{operator.pk}"


def test_a_failed_try_is_audited_under_the_name_it_was_for(client: Client, operator: User) -> None:
    sign_in(client, password="wrong")
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor_name, entry.actor_id) == ("login_failed", "somebody", None)
    assert entry.target == f"user:{operator.pk}"


def test_a_name_that_nobody_has_is_written_down_without_it(client: Client, operator: User) -> None:
    sign_in(client, name="my-secret-password", password="wrong")
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.target) == ("login_failed", "user:None")
    assert "my-secret-password" not in f"{entry} {entry.detail}"


def test_a_name_that_nobody_has_costs_the_database_as_much_as_a_name_that_is_somebodys(
    client: Client, operator: User
) -> None:
    statements = []
    for name in ("operator", "nobody"):
        with CaptureQueriesContext(connection) as asked:
            sign_in(client, name=name, password="wrong")
        statements.append([each["sql"].split()[0] for each in asked])
    assert statements[0] == statements[1]


def test_an_over_long_name_is_not_put_down_to_somebody_else(client: Client, db: None) -> None:
    make_operator("n" * 150)
    sign_in(client, name="n" * 151, password="wrong")
    assert AuditEntry.objects.get().target == "user:None"


def test_a_server_that_knows_no_address_still_lets_people_in(client: Client, operator: User) -> None:
    assert sign_in(client, REMOTE_ADDR="").status_code == 302
    assert AuditEntry.objects.get().ip is None


def test_the_sixth_wrong_try_for_a_name_has_to_wait(client: Client, operator: User) -> None:
    assert [sign_in(client, password="wrong").status_code for _ in range(6)] == [422] * 5 + [429]


def test_while_waiting_the_right_password_does_not_help(client: Client, operator: User) -> None:
    for _ in range(5):
        sign_in(client, password="wrong")
    answer = sign_in(client)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60
    assert "Wait 15 min" in answer.content.decode()
    assert 'value="operator"' in answer.content.decode()


def test_after_the_wait_one_may_try_again(client: Client, operator: User) -> None:
    for _ in range(6):
        sign_in(client, password="wrong")
    clock.turn(timedelta(minutes=15, seconds=1))
    assert sign_in(client).status_code == 302


@pytest.mark.parametrize(
    "spelling", ["OPERATOR", " operator ", "\uff4f\uff50\uff45\uff52\uff41\uff54\uff4f\uff52"]
)
def test_another_spelling_of_the_name_is_no_way_round(client: Client, operator: User, spelling: str) -> None:
    for _ in range(5):
        sign_in(client, password="wrong")
    assert sign_in(client, name=spelling, password="wrong").status_code == 429


def test_others_at_the_same_address_may_still_come_in(client: Client, operator: User) -> None:
    make_operator("colleague")
    for _ in range(5):
        sign_in(client, password="wrong")
    assert sign_in(client, name="colleague").status_code == 302


def test_the_same_name_may_come_in_from_another_address(client: Client, operator: User) -> None:
    for _ in range(6):
        sign_in(client, password="wrong", REMOTE_ADDR="192.0.2.7")
    assert sign_in(client, REMOTE_ADDR="192.0.2.8").status_code == 302


def test_an_address_has_twenty_tries_over_all_names(client: Client, operator: User) -> None:
    states = [sign_in(client, name=f"guess{n}", password="wrong").status_code for n in range(21)]
    assert states == [422] * 20 + [429]
    assert sign_in(client).status_code == 429


def test_coming_in_forgives_the_tries_before(client: Client, operator: User) -> None:
    for _ in range(4):
        sign_in(client, password="wrong")
    sign_in(client)
    assert [sign_in(client, password="wrong").status_code for _ in range(5)] == [422] * 5


def test_what_is_kept_of_a_try_names_nobody(client: Client, operator: User) -> None:
    sign_in(client, password="wrong", REMOTE_ADDR="192.0.2.7")
    kept = " ".join(LoginAttempt.objects.values_list("key", flat=True))
    assert "operator" not in kept
    assert "192.0.2.7" not in kept


def test_of_many_tries_at_once_no_more_than_five_are_looked_at(committed: Project) -> None:
    make_operator("target", committed, Role.ADMIN)

    def guess(number: int) -> int:
        try:
            return sign_in(Client(), name="target", password=f"guess {number}").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(30) as pool:
        states = list(pool.map(guess, range(30)))
    assert set(states) <= {422, 429}
    assert states.count(422) <= 5
    assert AuditEntry.objects.filter(verb="login_failed").count() == states.count(422)


def test_signing_out_ends_the_session(signed_in: Client) -> None:
    answer = signed_in.post("/dashboard/logout/")
    assert (answer.status_code, answer.headers["Location"]) == (302, LOGIN)
    assert "_auth_user_id" not in signed_in.session


def test_a_link_cannot_sign_anybody_out(signed_in: Client) -> None:
    assert signed_in.get("/dashboard/logout/").headers["Location"] == reverse("dashboard:home")
    assert "_auth_user_id" in signed_in.session


def test_signing_out_twice_leads_to_the_form_and_then_to_the_front_door(client: Client, db: None) -> None:
    answer = client.post("/dashboard/logout/")
    assert answer.headers["Location"] == f"{LOGIN}?next={reverse('dashboard:home')}"


def test_the_form_cannot_be_posted_from_elsewhere(operator: User) -> None:
    answer = sign_in(Client(enforce_csrf_checks=True))
    assert answer.status_code == 403
    assert not LoginAttempt.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_not_allowed(client: Client, db: None, method: str) -> None:
    assert getattr(client, method)(LOGIN).status_code == 405


def _without_tokens(page: str) -> str:
    lines = [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]
    return "\n".join(lines)
