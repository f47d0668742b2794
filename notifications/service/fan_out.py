"""Fan-out: of one event, a notification for each user who wants to hear of it, and a reason for each who does not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import (
    AutoField,
    BigAutoField,
    Case,
    CharField,
    Exists,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Lower, NullIf, Replace

from notifications.models import (
    Notification,
    NotificationPreference,
    NotificationPriority,
    Project,
    Suppression,
    SuppressionReason,
)
from notifications.models.bulk import Insert, insert_selects
from notifications.registry import KindInfo
from notifications.service.event import Event

ALL_CHANNELS = ""
"""The channel of a suppression that holds on every channel."""


@transaction.atomic
def fan_out(event: Event, recipients: Iterable[Any]) -> None:
    """Write it for these users: a queryset of them, or of their primary keys, or users and primary keys in any mixture.

    Both sides are decided at one moment, whoever changes their mind meanwhile. The number of queries is fixed. Raises
    ValueError for what is no user, or a project that is gone.
    """
    _hold(event)
    people = _people(recipients)
    judged = people.annotate(refused=_refused(event))
    refusing = judged.exclude(refused="").exclude(_has(Notification, event))
    willing = judged.filter(_asked_for(event.info), refused="").exclude(_has(Suppression, event))
    insert_selects(
        Insert(Suppression, refusing, _reason_columns(event)),
        Insert(Notification, willing, _notification_columns(event)),
    )


def _hold(event: Event) -> None:
    """The project stays until all is written; and a second call for the same event waits for the first."""
    project = Project.objects.filter(pk=event.project_id).values("pk")
    sql, params = project.query.sql_with_params()
    is_shared = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} FOR KEY SHARE" if is_shared else sql, params)
        if not cursor.fetchone():
            raise ValueError(f"There is no project {event.project_id}.")
        if is_shared and event.may_be_repeated:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [event.key])


def _people(recipients: Iterable[Any]) -> QuerySet[Any]:
    """Each once, in the order of their primary keys."""
    users = get_user_model()._base_manager.order_by("pk")
    if isinstance(recipients, QuerySet) and not recipients.query.is_sliced:
        # As a subquery: nothing travels here, and whoever is named twice is found once.
        return users.filter(pk__in=_keys_of(recipients))
    # A part of them is drawn once: asked again, the database might draw another.
    named = _keys_of(recipients) if isinstance(recipients, QuerySet) else recipients
    ids = {_key_of(each) for each in named}
    in_one = isinstance(users.model._meta.pk, AutoField | BigAutoField)
    return users.filter(**{"pk__in_list" if in_one else "pk__in": ids})


def _keys_of(people: QuerySet[Any]) -> QuerySet[Any]:
    """Of users, their primary keys; of anything else, the one column that was chosen."""
    if people.model._meta.concrete_model is get_user_model():
        chosen = people.query.has_select_fields and len(people.query.values_select) == 1
        return people if chosen else people.values("pk")
    if people.query.has_select_fields:
        return people
    raise ValueError(
        f"These are {people.model._meta.verbose_name_plural}, not users: name the column that holds the user, as in "
        "values('user')."
    )


def _key_of(each: Any) -> Any:
    """Of a user or a primary key, or a row of values with nothing else. Raises ValueError."""
    if isinstance(each, dict):
        (each,) = each.values()
    if isinstance(each, tuple):
        (each,) = each
    key = each.pk if isinstance(each, get_user_model()) else each
    if key is None or isinstance(key, Model) or getattr(each, "is_anonymous", False) is True:
        raise ValueError(f"Only users with an account are told, not {type(each).__name__} objects.")
    return key


def _refused(event: Event) -> Case:
    """Why a user is not told, or "". Who merely never asked for a kind that is off by default has no reason."""
    reasons = [When(is_active=False, then=Value(SuppressionReason.ACCOUNT_INACTIVE.value))]
    if event.info.can_suppress:
        reasons.append(When(_said(event.info, False), then=Value(SuppressionReason.OPTED_OUT.value)))
        if event.priority != NotificationPriority.CRITICAL:
            muted = Q(recipient__muted_until__gt=event.at)
            reasons.append(When(muted, then=Value(SuppressionReason.MUTED.value)))
    return Case(*reasons, default=Value(""), output_field=CharField())


def _asked_for(info: KindInfo) -> Q | Exists:
    """Those who said so, where a kind is off by default; everybody otherwise."""
    if info.can_suppress and not info.default_opt_in:
        return _said(info, True)
    return Q()


def _said(info: KindInfo, enabled: bool) -> Exists:
    return Exists(NotificationPreference.objects.filter(user=OuterRef("pk"), kind=info.kind, enabled=enabled))


def _has(model: type[Notification | Suppression], event: Event) -> Exists:
    return Exists(model.objects.filter(user=OuterRef("pk"), key=event.key))


def _reason_columns(event: Event) -> dict[str, Any]:
    return {
        "project": event.project_id,
        "user": F("pk"),
        "kind": event.info.kind,
        "key": event.key,
        "channel": ALL_CHANNELS,
        "reason": F("refused"),
        "at": event.at,
    }


def _notification_columns(event: Event) -> dict[str, Any]:
    own = Lower(Replace("recipient__locale", Value("_"), Value("-")))
    return {
        "user": F("pk"),
        "project": event.project_id,
        "kind": event.info.kind,
        "context": event.context,
        "priority": event.priority,
        "locale": event.locale or Coalesce(NullIf(own, Value("")), Value(event.default_locale)),
        "sender_id": event.sender_id,
        "key": event.key,
        "created_at": event.at,
    }
