"""Which live topics a person may follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from notifications.models import Broadcast, Project


def topics_open_to(user: Any, project_slug: str, wanted: Sequence[str]) -> frozenset[str]:
    """Those of the live topics that this user may hear of; none for strangers."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    project = Project.objects.open_to(user).filter(slug=project_slug).first()
    if project is None:
        return frozenset()
    named = [topic.partition(":") for topic in wanted]
    ids = [int(pk) for name, _, pk in named if name == "broadcast" and pk.isdecimal() and len(pk) < 19]
    own = set(Broadcast.objects.filter(project=project, pk__in=ids).values_list("pk", flat=True))
    allowed = {f"project:{project.pk}"} | {f"broadcast:{pk}" for pk in own}
    return frozenset(set(wanted) & allowed)
