"""What operators do with one device: send it a test, switch it off, and on again."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from notifications import clock, live, providers, wire
from notifications.actions.audit import Actor, Facts, Refused, audited
from notifications.models import Credential, Device, InactiveReason, Message

TAKEN = "Its address belongs to another device now: only one may be active with it."
MOVED = (
    "Its address was registered for somebody else, and a copy would reach the wrong person. It comes back when its "
    "owner registers it again in the app."
)


@audited("device.test")
def send_test(actor: Actor, device: Device, title: str, body: str) -> Facts:
    """Queue one message to it. Returns {"message": id}, and {"paused": reason} where its provider is paused.

    Raises Refused when the device is switched off, or its provider is unknown or would not take these words.
    """
    stored = _hold(device)
    if not stored.is_active:
        raise Refused(
            "No test was sent: this device is switched off. Why, and what to do, stands on its page."
        )
    if stored.provider not in providers.PROVIDERS:
        raise Refused(f"No test was sent: nothing here can speak to the provider “{stored.provider}”.")
    _check_words(stored, title, body)
    (message,) = Message.objects.bulk_send([Message(device=stored, title=title, body=body)])
    credential = Credential.objects.get(project=stored.project_id, provider=stored.provider)
    live.publish(f"project:{stored.project_id}")
    paused = credential.paused_reason
    return {"message": message.pk, **({"paused": paused} if paused else {})}


@audited("device.switch_off")
def switch_off(actor: Actor, device: Device) -> Facts:
    """Send nothing to it any more, what waits included. Raises Refused when it is off already."""
    is_changed = Device.objects.active.filter(pk=device.pk).update(
        is_active=False, inactive_reason=InactiveReason.REMOVED, date_retired=clock.now()
    )
    if not is_changed:
        raise Refused("It is switched off already.")
    live.publish(f"project:{device.project_id}")
    return {}


@audited("device.switch_on")
def switch_on(actor: Actor, device: Device) -> Facts:
    """Send to it again. Returns {"was": reason}. Raises Refused when it is on, or its address is somebody else's now.

    One that its provider declared gone may be tried: should the provider say so once more, it is off again.
    """
    stored = _hold(device)
    if stored.is_active:
        raise Refused("It is switched on already.")
    if stored.inactive_reason == InactiveReason.MOVED:
        raise Refused(MOVED)
    was = stored.inactive_reason
    try:
        with transaction.atomic():
            # From now on: a late word about what was sent before must not switch it off again.
            Device.objects.filter(pk=stored.pk).update(
                is_active=True, inactive_reason="", date_retired=None, date_registered=clock.now()
            )
    except IntegrityError:  # one_active_owner_per_token: also where the other one registers at this moment
        raise Refused(TAKEN) from None
    live.publish(f"project:{stored.project_id}")
    return {"was": was}


def _hold(device: Device) -> Device:
    """The stored row, locked: what is read of it here is still true when this is committed."""
    rows = Device.objects.select_for_update(of=("self",)).select_related("project")
    found: Device = rows.get(pk=device.pk)
    return found


def _check_words(device: Device, title: str, body: str) -> None:
    """Raise Refused with what the provider would say of them."""
    problems = providers.get(device.provider).check_content(wire.PushContent(title=title, body=body))
    if problems:
        raise Refused(f"No test was sent. {' '.join(problem.message for problem in problems)}")
