"""Every code that Expo documents has a meaning, and words for whoever reads it."""

from __future__ import annotations

import pytest

from notifications.providers.expo import codes
from notifications.wire import Outcome

OF_A_MESSAGE = {
    "DeviceNotRegistered": Outcome.GONE,
    "MessageTooBig": Outcome.REJECTED,
    "MessageRateExceeded": Outcome.RETRY,
    "MismatchSenderId": Outcome.MISCONFIGURED,
    "InvalidCredentials": Outcome.MISCONFIGURED,
    "DeveloperError": Outcome.REJECTED,
    "ExpoError": Outcome.RETRY,
    "ProviderError": Outcome.RETRY,
}
OF_A_REQUEST = {
    "TOO_MANY_REQUESTS": Outcome.RETRY,
    "PUSH_TOO_MANY_EXPERIENCE_IDS": Outcome.REJECTED,
    "PUSH_TOO_MANY_NOTIFICATIONS": Outcome.REJECTED,
    "PUSH_TOO_MANY_RECEIPTS": Outcome.RETRY,
    "UNAUTHORIZED": Outcome.MISCONFIGURED,
    "VALIDATION_ERROR": Outcome.REJECTED,
}


@pytest.mark.parametrize(("code", "outcome"), [*OF_A_MESSAGE.items(), *OF_A_REQUEST.items()])
def test_each_documented_code_says_what_happened_and_what_to_do(code, outcome):
    known = codes.CODES[code]
    assert known.outcome is outcome
    assert known.title
    assert known.remedy.endswith(".")


def test_a_code_of_a_request_is_none_of_a_message():
    assert codes.OF_A_MESSAGE.keys() == OF_A_MESSAGE.keys()
    assert codes.OF_A_MESSAGE.keys().isdisjoint(codes.OF_A_REQUEST)


def test_one_code_alone_retires_a_device():
    assert [code for code, known in codes.CODES.items() if known.outcome is Outcome.GONE] == [
        "DeviceNotRegistered"
    ]


@pytest.mark.parametrize("code", ["MismatchSenderId", "InvalidCredentials", "UNAUTHORIZED"])
def test_a_wrong_key_is_no_devices_fault_and_says_so(code):
    assert "devices stay active" in codes.CODES[code].remedy
