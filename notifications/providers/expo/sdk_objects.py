"""The SDK's own objects, for code that was written against them (django-expo-notifications hands them out)."""

from __future__ import annotations

import exponent_server_sdk as sdk

from notifications.wire import PushContent


def push_message(token: str, content: PushContent) -> sdk.PushMessage:
    """A message as far as the SDK has fields for it: what is blank is None, 0 is a value."""
    return sdk.PushMessage(
        to=token,
        data=content.data or None,
        title=content.title or None,
        body=content.body or None,
        sound=content.sound or None,
        ttl=content.ttl,
        expiration=content.expiration,
        priority=content.priority or None,
        badge=content.badge,
        category=content.category_id or None,
        channel_id=content.channel_id or None,
        subtitle=content.subtitle or None,
        mutable_content=content.mutable_content,
    )


def push_ticket(message: sdk.PushMessage, *, is_success: bool, text: str, external_id: str) -> sdk.PushTicket:
    """An answer to it; without details, which the SDK needs for nothing but its exceptions."""
    status = sdk.PushTicket.SUCCESS_STATUS if is_success else sdk.PushTicket.ERROR_STATUS
    return sdk.PushTicket(push_message=message, status=status, message=text, details=None, id=external_id)
