"""Fan-out: of one event, a notification for each user who wants to hear of it, and a reason for each who does not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, NullIf

from notifications.models import Notification, NotificationPreference, Suppression, SuppressionReason
from notifications.models.bulk import insert_select
from notifications.registry import KindInfo
from notifications.service.event import Event

ALL_CHANNELS = ""
"""The channel of a suppression that holds on every channel."""


@transaction.atomic
def fan_out(event: Event, recipients: Iterable[Any]) -> None:
    """Write it for these users: a queryset of them, or users and their primary keys. The number of queries is fixed.

    The reasons are written first and are asked by the second statement: a user who changes their mind between the two
    has either a notification or a reason. So has one who does so between two calls for the same event.
    """
    people = _people(recipients)
    refusing = people.annotate(refused=_refused(event.info)).exclude(refused="")
    insert_select(
        Suppression,
        refusing.exclude(_has(Notification, event.key)),
        {
            "project": event.project_id,
            "user": F("pk"),
            "kind": event.info.kind,
            "key": event.key,
            "channel": ALL_CHANNELS,
            "reason": F("refused"),
            "at": event.at,
        },
    )
    insert_select(
        Notification,
        people.filter(_asked_for(event.info)).exclude(_has(Suppression, event.key)),
        {
            "user": F("pk"),
            "project": event.project_id,
            "kind": event.info.kind,
            "context": event.context,
            "priority": event.priority,
            "locale": event.locale
            or Coalesce(NullIf("recipient__locale", Value("")), Value(event.default_locale)),
            "sender_id": event.sender_id,
            "key": event.key,
            "created_at": event.at,
        },
    )


def _people(recipients: Iterable[Any]) -> QuerySet[Any]:
    """Each once, in the order of their primary keys."""
    users = get_user_model()._default_manager
    if isinstance(recipients, QuerySet):
        # As a subquery: nothing travels here, and whoever is named twice is found once.
        named = recipients if recipients.query.is_sliced else recipients.order_by()
        return users.filter(pk__in=named.values("pk")).order_by("pk")
    ids = {getattr(each, "pk", each) for each in recipients}
    return users.filter(pk__in_list=ids - {None}).order_by("pk")


def _refused(info: KindInfo) -> Case:
    """Why a user is not told, or "". Who merely never asked for a kind that is off by default has no reason."""
    reasons = [When(is_active=False, then=Value(SuppressionReason.ACCOUNT_INACTIVE.value))]
    if info.can_suppress:
        reasons.append(When(_said(info, False), then=Value(SuppressionReason.OPTED_OUT.value)))
    return Case(*reasons, default=Value(""), output_field=CharField())


def _asked_for(info: KindInfo) -> Q | Exists:
    """Those who said so, where a kind is off by default; everybody otherwise."""
    if info.can_suppress and not info.default_opt_in:
        return _said(info, True)
    return Q()


def _said(info: KindInfo, enabled: bool) -> Exists:
    return Exists(NotificationPreference.objects.filter(user=OuterRef("pk"), kind=info.kind, enabled=enabled))


def _has(model: type[Notification | Suppression], key: str) -> Exists:
    return Exists(model.objects.filter(user=OuterRef("pk"), key=key))
