"""notify(): one user is told, unless they do not want to hear of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.utils.translation import gettext_lazy
from pytest_django import Settings

from notifications import clock
from notifications.models import (
    Notification,
    NotificationPreference,
    NotificationPriority,
    Project,
    Recipient,
    Suppression,
)
from notifications.service import notify
from tests.factories import make_project
from tests.notifications.service.conftest import KIND, Register

pytestmark = pytest.mark.django_db
CONTEXT = {"item": "Lamp"}


@pytest.fixture
def user(db: None) -> User:
    """Somebody."""
    return User.objects.create_user("ann")


def reasons() -> list[tuple[str, str, str]]:
    return list(Suppression.objects.values_list("user__username", "kind", "reason"))


class TestTheRow:
    def test_it_says_what_happened_to_whom(self, register: Register, user: User) -> None:
        register()
        told = notify(user, KIND, CONTEXT)
        assert told == Notification.objects.get()
        assert (told.user, told.kind, told.context, told.priority) == (user, KIND, CONTEXT, 3)
        assert (told.project, told.sender_id, told.read_at) == (Project.objects.default(), "", None)

    def test_it_may_belong_to_another_project(self, register: Register, user: User) -> None:
        register()
        project = make_project()
        assert notify(user, KIND, CONTEXT, project=project).project == project  # type: ignore[union-attr]

    def test_the_sender_is_noted_as_it_was_named(
        self, register: Register, user: User, settings: Settings
    ) -> None:
        settings.NOTIFICATION_SENDERS = [
            *settings.NOTIFICATION_SENDERS,
            ("admin", "Admin", "a@example.com", "", ""),
        ]
        register()
        assert notify(user, KIND, CONTEXT, sender="admin").sender_id == "admin"  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        ("value", "kept"),
        [
            (date(2026, 5, 1), "2026-05-01"),
            (datetime(2026, 5, 1, 12, tzinfo=UTC), "2026-05-01T12:00:00Z"),
            (Decimal("1.50"), "1.50"),
            (gettext_lazy("Yes"), "Yes"),
            ("😀", "😀"),
        ],
    )
    def test_what_json_does_not_know_is_kept_as_text(
        self, register: Register, user: User, value: Any, kept: str
    ) -> None:
        register()
        assert notify(user, KIND, {"it": value}).context == {"it": kept}  # type: ignore[union-attr]
        assert Notification.objects.get().context == {"it": kept}


class TestPriority:
    @pytest.mark.parametrize("of_kind", [NotificationPriority.NORMAL, NotificationPriority.CRITICAL])
    def test_is_the_kinds_own(self, register: Register, user: User, of_kind: int) -> None:
        register(default_priority=of_kind)
        assert notify(user, KIND, CONTEXT).priority == of_kind  # type: ignore[union-attr]

    @pytest.mark.parametrize("said", [NotificationPriority.LOW, NotificationPriority.CRITICAL])
    def test_unless_the_caller_says_another(self, register: Register, user: User, said: int) -> None:
        register(default_priority=NotificationPriority.HIGH)
        assert notify(user, KIND, CONTEXT, priority=said).priority == said  # type: ignore[union-attr]


class TestLocale:
    def test_is_the_installations_where_nobody_says_more(
        self, register: Register, user: User, settings: Settings
    ) -> None:
        settings.NOTIFICATIONS_DEFAULT_LOCALE = "pt-BR"
        register()
        assert notify(user, KIND, CONTEXT).locale == "pt-br"  # type: ignore[union-attr]

    def test_the_users_own_goes_before_it(self, register: Register, user: User) -> None:
        Recipient.objects.create(user=user, locale="fr_CA")
        register()
        assert notify(user, KIND, CONTEXT).locale == "fr-ca"  # type: ignore[union-attr]

    def test_and_the_callers_before_both(self, register: Register, user: User) -> None:
        Recipient.objects.create(user=user, locale="fr-ca")
        register()
        assert notify(user, KIND, CONTEXT, locale="zh_Hans").locale == "zh-hans"  # type: ignore[union-attr]


class TestWhatIsWrong:
    def test_an_unknown_kind(self, register: Register, user: User) -> None:
        with pytest.raises(ValueError, match=r"^Unknown notification kind: 'shop.sold'"):
            notify(user, KIND, CONTEXT)

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ({"priority": 5}, "A priority is one of 1 CRITICAL"),
            ({"sender": "nobody"}, "Unknown notification sender: 'nobody'"),
            ({"context": ["Lamp"]}, "A context is a dict"),
            ({"context": {"it": object()}}, "cannot be kept as JSON"),
            ({"context": {"it": float("nan")}}, "cannot be kept as JSON"),
            ({"context": {"it": ["a\0b"]}}, r"half a character cannot be kept: context\['it'\]\[0\]"),
            ({"context": {"it": "\ud83d"}}, r"half a character cannot be kept: context\['it'\]"),
            ({"context": {"it": "a\udc80"}}, r"half a character cannot be kept: context\['it'\]"),
            (
                {"context": {"it": {"\udfff": 1}}},
                r"half a character cannot be kept: a key of context\['it'\]",
            ),
            ({"idempotency_key": ""}, "1 to 200 characters"),
            ({"idempotency_key": 7}, "a text of 1 to 200 characters"),
            ({"idempotency_key": "a\0"}, "cannot be kept: idempotency_key"),
            ({"locale": "x" * 36}, "A locale is a language tag such as fr-ca"),
        ],
    )
    def test_is_said_and_leaves_nothing(
        self, register: Register, user: User, said: dict[str, Any], words: str
    ) -> None:
        register()
        with pytest.raises(ValueError, match=words):
            notify(user, KIND, **{"context": CONTEXT, **said})
        assert not Notification.objects.exists()

    @pytest.mark.parametrize("who", [AnonymousUser(), User(username="new"), 7, None])
    def test_somebody_without_an_account(self, register: Register, who: Any) -> None:
        register()
        with pytest.raises(ValueError, match=r"^notify\(\) tells a user with an account"):
            notify(who, KIND, CONTEXT)

    def test_somebodys_profile(self, register: Register, user: User) -> None:
        """Its number is some other user's."""
        profile = Recipient.objects.create(pk=user.pk, user=User.objects.create_user("bob"))
        register()
        with pytest.raises(ValueError, match="not a Recipient"):
            notify(profile, KIND, CONTEXT)
        assert not Notification.objects.exists()

    def test_a_project_that_is_gone(self, register: Register, user: User) -> None:
        register()
        project = make_project()
        Project.objects.filter(pk=project.pk).delete()
        with pytest.raises(ValueError, match=f"There is no project {project.pk}"):
            notify(user, KIND, CONTEXT, project=project)


@pytest.mark.parametrize(
    ("default_opt_in", "said", "told", "why"),
    [
        (True, None, True, []),
        (True, True, True, []),
        (True, False, False, [("ann", KIND, "opted_out")]),
        (False, None, False, []),
        (False, True, True, []),
        (False, False, False, [("ann", KIND, "opted_out")]),
    ],
)
def test_the_preference_gate(
    register: Register, user: User, default_opt_in: bool, said: bool | None, told: bool, why: list[Any]
) -> None:
    register(default_opt_in=default_opt_in)
    if said is not None:
        NotificationPreference.objects.create(user=user, kind=KIND, enabled=said)
    answer = notify(user, KIND, CONTEXT)
    assert (answer is not None, Notification.objects.exists()) == (told, told)
    assert reasons() == why


class TestTheGate:
    def test_who_may_not_refuse_is_told_whatever_they_said(self, register: Register, user: User) -> None:
        register(can_suppress=False)
        NotificationPreference.objects.create(user=user, kind=KIND, enabled=False)
        assert notify(user, KIND, CONTEXT)

    def test_a_critical_one_does_not_pass_an_opt_out(self, register: Register, user: User) -> None:
        register()
        NotificationPreference.objects.create(user=user, kind=KIND, enabled=False)
        assert notify(user, KIND, CONTEXT, priority=NotificationPriority.CRITICAL) is None

    def test_another_kinds_preference_says_nothing(self, register: Register, user: User) -> None:
        register()
        NotificationPreference.objects.create(user=user, kind="shop.other", enabled=False)
        assert notify(user, KIND, CONTEXT)

    def test_an_account_that_is_switched_off_has_its_reason(self, register: Register, user: User) -> None:
        User.objects.update(is_active=False)
        register(can_suppress=False)
        assert notify(user, KIND, CONTEXT) is None
        assert reasons() == [("ann", KIND, "account_inactive")]


class TestMuted:
    """Nothing but what cannot be suppressed reaches the user before a moment."""

    @pytest.fixture(autouse=True)
    def _muted(self, user: User) -> None:
        Recipient.objects.create(user=user, muted_until=clock.now() + timedelta(hours=1))

    def test_the_reason_says_so(self, register: Register, user: User) -> None:
        register()
        assert notify(user, KIND, CONTEXT) is None
        assert reasons() == [("ann", KIND, "muted")]

    def test_until_then(self, register: Register, user: User) -> None:
        register()
        clock.turn(timedelta(hours=1))
        assert notify(user, KIND, CONTEXT)

    @pytest.mark.parametrize(
        "about", [{"can_suppress": False}, {"default_priority": NotificationPriority.CRITICAL}]
    )
    def test_what_cannot_wait_passes(self, register: Register, user: User, about: dict[str, Any]) -> None:
        register(**about)
        assert notify(user, KIND, CONTEXT)


class TestIdempotency:
    def test_the_same_key_again_gives_the_first_notification(self, register: Register, user: User) -> None:
        register()
        first = notify(user, KIND, CONTEXT, idempotency_key="order-1")
        assert notify(user, KIND, {"item": "Chair"}, idempotency_key="order-1") == first
        assert Notification.objects.get().context == CONTEXT

    def test_also_where_it_was_no(self, register: Register, user: User) -> None:
        register()
        preference = NotificationPreference.objects.create(user=user, kind=KIND, enabled=False)
        notify(user, KIND, CONTEXT, idempotency_key="order-1")
        preference.delete()
        assert notify(user, KIND, CONTEXT, idempotency_key="order-1") is None
        assert len(reasons()) == 1

    def test_and_where_it_was_yes(self, register: Register, user: User) -> None:
        register()
        first = notify(user, KIND, CONTEXT, idempotency_key="order-1")
        NotificationPreference.objects.create(user=user, kind=KIND, enabled=False)
        assert notify(user, KIND, CONTEXT, idempotency_key="order-1") == first
        assert reasons() == []

    def test_without_a_key_each_call_tells_anew(self, register: Register, user: User) -> None:
        register()
        assert notify(user, KIND, CONTEXT) != notify(user, KIND, CONTEXT)

    def test_a_key_is_one_kinds_and_one_projects(self, register: Register, user: User) -> None:
        register()
        register("shop.lost")
        notify(user, KIND, CONTEXT, idempotency_key="order-1")
        notify(user, "shop.lost", CONTEXT, idempotency_key="order-1")
        notify(user, KIND, CONTEXT, idempotency_key="order-1", project=make_project())
        assert Notification.objects.count() == 3
