"""What operators do with a project's keys at the providers."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import QuerySet

from notifications import clock, encryption, live, wake
from notifications.actions.audit import Actor, Facts, Refused, audited
from notifications.models import Credential

BY_HAND = "Paused by "
"""How the reason begins where an operator paused it; any other is the provider's."""


@audited("credential.set_secrets")
def set_secrets(actor: Actor, credential: Credential, secrets: Mapping[str, str]) -> Facts:
    """Replace the secrets of a credential and let it send again, unless an operator paused it.

    The entry names the fields, never the values, and the pause that stands, if any: {"fields": […], "paused": "…"}.
    """
    credential.sealed_secrets = encryption.seal({name: value for name, value in secrets.items() if value})
    credential.tolerated_code = ""
    credential.save(update_fields=["sealed_secrets", "tolerated_code"])
    _open(Credential.objects.filter(pk=credential.pk).exclude(paused_reason__startswith=BY_HAND))
    live.publish(f"project:{credential.project_id}")
    credential.refresh_from_db(fields=["paused_reason"])
    fields = sorted(name for name, value in secrets.items() if value)
    return {"fields": fields, **({"paused": credential.paused_reason} if credential.paused_reason else {})}


@audited("credential.pause")
def pause(actor: Actor, credential: Credential) -> Facts:
    """Stop sending with this credential; what waits goes on waiting. Raises Refused when it is paused already."""
    if not Credential.objects.filter(pk=credential.pk, paused_reason="").update(
        paused_reason=f"{BY_HAND}{actor.name}", paused_at=clock.now()
    ):
        raise Refused("It is paused already.")
    live.publish(f"project:{credential.project_id}")
    return {}


@audited("credential.resume")
def resume(actor: Actor, credential: Credential) -> Facts:
    """Send again with this credential, once the provider's own patience is over. Raises Refused when it is not paused.

    Returns the reason it was paused for. Where only some messages meet with it, it does not pause again for that.
    """
    reason = credential.paused_reason
    if reason and not reason.startswith(BY_HAND):
        Credential.objects.filter(pk=credential.pk).update(tolerated_code=reason.partition(":")[0][:64])
    if not _open(Credential.objects.filter(pk=credential.pk)):
        raise Refused("It is not paused.")
    live.publish(f"project:{credential.project_id}")
    return {"was": reason}


def _open(credentials: QuerySet[Credential]) -> bool:
    """End the pause, and no more: how long the provider wants to be left alone is not ours to say."""
    paused = credentials.exclude(paused_reason="")
    is_opened = bool(paused.update(paused_reason="", paused_at=None))
    wake.up(wake.Step.DISPATCH)
    wake.up(wake.Step.RECEIPTS)
    return is_opened
