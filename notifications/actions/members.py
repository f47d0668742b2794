"""Who is on a project's team, and as what."""

from __future__ import annotations

from django.contrib.auth.models import User

from notifications.actions.audit import Actor, Facts, Refused, audited
from notifications.models import Membership, Project, Role


@audited("member.grant")
def grant(actor: Actor, project: Project, user: User, role: Role) -> Facts:
    """Give somebody this role in the project, in place of the one held before."""
    was = Membership.objects.select_for_update().filter(project=project, user=user).first()
    Membership.objects.update_or_create(project=project, user=user, defaults={"role": role})
    return {"user": user.pk, "role": role, "was": was.role if was else ""}


@audited("member.remove")
def remove(actor: Actor, project: Project, user: User) -> Facts:
    """Take somebody off the team. Raises Refused for who is not on it."""
    membership = Membership.objects.select_for_update().filter(project=project, user=user).first()
    if membership is None:
        raise Refused(f"There is no role to take away: {user.get_username()} has none in {project}.")
    membership.delete()
    return {"user": user.pk, "was": membership.role}
