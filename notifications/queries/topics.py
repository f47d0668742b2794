"""Which live topics a person may follow, and for how long."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session

from notifications import clock
from notifications.models import Broadcast, DeviceImport, Membership, Project


@dataclass(frozen=True, slots=True)
class Seat:
    """Who listens to a project, and by which sign-in."""

    session_key: str
    user_id: int
    project_slug: str
    auth_hash: str
    """Of the person's password when the page was opened: another one ends every sign-in before it."""


def still_taken(seats: Collection[Seat]) -> set[Seat]:
    """Those whose sign-in still holds and whose person still belongs to the project. Three queries for any number."""
    sessions = set(
        Session.objects.filter(
            session_key__in={seat.session_key for seat in seats}, expire_date__gt=clock.now()
        ).values_list("session_key", flat=True)
    )
    people = get_user_model().objects.filter(pk__in={seat.user_id for seat in seats}, is_active=True)
    known = {user.pk: user for user in people}
    of_a_team = set(Membership.objects.filter(user__in=people).values_list("user_id", "project__slug"))
    return {
        seat
        for seat in seats
        if seat.session_key in sessions
        and (user := known.get(seat.user_id))
        and user.get_session_auth_hash() == seat.auth_hash
        and (user.is_superuser or (user.pk, seat.project_slug) in of_a_team)
    }


def topics_open_to(user: Any, project_slug: str, wanted: Sequence[str]) -> frozenset[str]:
    """Those of the live topics that this user may hear of; none for strangers."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    project = Project.objects.open_to(user).filter(slug=project_slug).first()
    if project is None:
        return frozenset()
    allowed = {f"project:{project.pk}"}
    for name, rows in (("broadcast", Broadcast.objects), ("import", DeviceImport.objects)):
        ids = _ids(name, wanted)
        own = rows.filter(project=project, pk__in=ids).values_list("pk", flat=True) if ids else ()
        allowed |= {f"{name}:{pk}" for pk in own}
    return frozenset(set(wanted) & allowed)


def _ids(name: str, wanted: Sequence[str]) -> list[int]:
    """The rows that topics of this name are about."""
    named = [topic.partition(":") for topic in wanted]
    return [int(pk) for word, _, pk in named if word == name and pk.isdecimal() and len(pk) < 19]
