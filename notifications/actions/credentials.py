"""What operators do with a project's keys at the providers."""

from __future__ import annotations

from collections.abc import Mapping

from notifications import clock, encryption, live, wake
from notifications.actions.audit import Actor, Facts, Refused, audited
from notifications.models import Credential


@audited("credential.set_secrets")
def set_secrets(actor: Actor, credential: Credential, secrets: Mapping[str, str]) -> Facts:
    """Replace the secrets of a credential and let it send again. The entry names the fields, never the values."""
    credential.sealed_secrets = encryption.seal({name: value for name, value in secrets.items() if value})
    credential.save(update_fields=["sealed_secrets"])
    _open(credential)
    return {"fields": sorted(name for name, value in secrets.items() if value)}


@audited("credential.pause")
def pause(actor: Actor, credential: Credential) -> Facts:
    """Stop sending with this credential; what waits goes on waiting. Raises Refused when it is paused already."""
    if not Credential.objects.filter(pk=credential.pk, paused_reason="").update(
        paused_reason=f"Paused by {actor.name}", paused_at=clock.now()
    ):
        raise Refused("It is paused already.")
    live.publish(f"project:{credential.project_id}")
    return {}


@audited("credential.resume")
def resume(actor: Actor, credential: Credential) -> Facts:
    """Send again with this credential. Returns the reason it was paused for."""
    reason = credential.paused_reason
    _open(credential)
    return {"was": reason}


def _open(credential: Credential) -> None:
    Credential.objects.filter(pk=credential.pk).update(
        paused_reason="", paused_at=None, not_before=None, failures=0
    )
    live.publish(f"project:{credential.project_id}")
    wake.up(wake.Step.DISPATCH)
    wake.up(wake.Step.RECEIPTS)
