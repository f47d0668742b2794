"""Every error code that Expo documents: what it means for us, and what an operator is told."""

from __future__ import annotations

from notifications.providers import answers
from notifications.wire import Code, Outcome

_AGAIN = "They are tried again by themselves"
_WAITING = "Its messages are waiting, and the devices stay active."
_OF_ALL_OR_ONE = (
    "Expo is paused and its messages wait: resume it under Providers then. Where other devices were reached, only "
    "these copies failed: send them again then. If you resume without a new key, Expo is not paused for it again. "
    "The devices stay active."
)

WITHOUT_A_REASON = ("HTTP 400", "HTTP 422")
"""Refusals in which Expo itself says nothing."""
NOT_PARTED = "NotParted"
NOT_A_TOKEN = "InvalidPushToken"  # noqa: S105 (a code, no password)

OF_A_MESSAGE = {
    "DeviceNotRegistered": Code(
        outcome=Outcome.GONE,
        title="Device no longer registered",
        remedy="The app was removed or its token replaced. These devices are switched off and will not be tried again.",
    ),
    "MessageTooBig": Code(
        outcome=Outcome.REJECTED,
        title="Payload over 4,096 bytes",
        remedy="Shorten the body or the data, then send to these devices again.",
    ),
    "MessageRateExceeded": Code(
        outcome=Outcome.RETRY,
        title="Too many messages to one device",
        remedy="Expo asked for fewer messages to these devices. "
        f"{_AGAIN}, each time after a longer wait; if it goes on, send to them less often.",
    ),
    "MismatchSenderId": Code(
        outcome=Outcome.MISCONFIGURED,
        title="FCM key of another Firebase project",
        remedy="The FCM key kept at Expo does not belong to the Firebase project that the app was built with. "
        f"Upload the right one with “eas credentials”. {_OF_ALL_OR_ONE}",
    ),
    "InvalidCredentials": Code(
        outcome=Outcome.MISCONFIGURED,
        title="Push key missing or revoked",
        remedy="The APNs or FCM key kept at Expo for this app does not work (any more). "
        f"Upload a new one with “eas credentials”, then resume Expo under Providers. {_WAITING}",
    ),
    "DeveloperError": Code(
        outcome=Outcome.REJECTED,
        title="Message put together wrongly",
        remedy="Apple or Google did not accept what this message asks for. "
        "Expo's own words say which part; correct it and send again.",
    ),
    "ExpoError": Code(
        outcome=Outcome.RETRY,
        title="Fault inside Expo",
        remedy=f"Nothing needs doing. {_AGAIN}; status.expo.dev says whether Expo is in trouble.",
    ),
    "ProviderError": Code(
        outcome=Outcome.RETRY,
        title="Fault at Apple or Google",
        remedy=f"Nothing needs doing. {_AGAIN}, each time after a longer wait.",
    ),
}
"""What a ticket or a receipt says of one message."""

OF_A_REQUEST = {
    "TOO_MANY_REQUESTS": Code(
        outcome=Outcome.RETRY,
        title="Too many messages a second",
        remedy="Expo takes 600 a second of one project. Sending waits for as long as Expo asked and goes on by itself; "
        "if this comes often, look for another server that sends for the same project.",
    ),
    "UNAUTHORIZED": Code(
        outcome=Outcome.MISCONFIGURED,
        title="Access token missing or wrong",
        remedy="This Expo project has “enhanced security” switched on. Create an access token at expo.dev, "
        f"enter it under Providers and resume Expo. {_WAITING}",
    ),
    "VALIDATION_ERROR": Code(
        outcome=Outcome.REJECTED,
        title="Expo could not read the message",
        remedy="One of its fields does not have the form that Expo expects; Expo's own words say which. "
        "Correct it and send again. Other messages were not held up.",
    ),
    "PUSH_TOO_MANY_EXPERIENCE_IDS": Code(
        outcome=Outcome.REJECTED,
        title="Devices of several Expo projects at once",
        remedy="Expo takes the devices of one project at a time. Carillon asks again project by project; where this is "
        "left over, give each Expo project a project of its own here.",
    ),
    "PUSH_TOO_MANY_NOTIFICATIONS": Code(
        outcome=Outcome.REJECTED,
        title="Too many messages in one request",
        remedy="Expo takes 100 at a time. Carillon asks again in smaller parts; where this is left over, "
        "it is a fault in Carillon: please report it.",
    ),
    "PUSH_TOO_MANY_RECEIPTS": Code(
        outcome=Outcome.RETRY,
        title="Too many receipts in one question",
        remedy="Expo answers for 1,000 at a time. Receipts are asked for again; if this comes back, "
        "it is a fault in Carillon: please report it.",
    ),
    **{
        code: Code(
            outcome=Outcome.RETRY,
            title="Refused without a reason",
            remedy="Expo says why it refuses something; this answer does not, so it may come from a proxy on the way. "
            f"{_AGAIN}. Where Expo took others of the same batch, these are given up.",
        )
        for code in WITHOUT_A_REASON
    },
    NOT_PARTED: Code(
        outcome=Outcome.RETRY,
        title="Refused together with others",
        remedy="Expo refused a request for the sake of some of its messages, and there was no time to find out "
        f"whether these are among them. {_AGAIN}.",
    ),
}
"""What an answer says of a whole request. None of these may ever switch a device off."""

OF_THE_MIX = {
    "VALIDATION_ERROR",
    "PUSH_TOO_MANY_EXPERIENCE_IDS",
    "PUSH_TOO_MANY_NOTIFICATIONS",
    "PUSH_TOO_MANY_RECEIPTS",
    *WITHOUT_A_REASON,
}
"""Refusals that smaller parts of the same request may not meet with."""

DOUBTFUL = {"MismatchSenderId", *WITHOUT_A_REASON}
"""What may be one message's fault or everybody's: how the others of its batch fared tells which."""

OF_OURS = {
    NOT_A_TOKEN: Code(
        outcome=Outcome.REJECTED,
        title="Not an Expo push token",
        remedy="What stands as the device's address cannot be one of Expo's, so nothing was sent to it. Register the "
        "device again with the token that the app gets from Expo. Other messages were not held up.",
    ),
}
"""What we say ourselves of a message that was not sent."""

CODES = {**answers.codes("Expo"), **OF_A_MESSAGE, **OF_A_REQUEST, **OF_OURS}
