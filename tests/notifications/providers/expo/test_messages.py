"""What is sent to Expo, byte for byte, and what is refused before it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from notifications.providers.expo import messages
from notifications.wire import Outcome, PushContent, PushMessage

WHOLE = PushContent(
    title="Title",
    body="Body",
    subtitle="Subtitle",
    data={"page": "home"},
    ttl=60,
    expiration=1_800_000_000,
    priority="high",
    sound="default",
    badge=3,
    channel_id="news",
    category_id="reply",
    mutable_content=True,
    tag="m1",
)


def sizes(content: PushContent) -> list[str]:
    return [problem.message for problem in messages.content_problems(content)]


def fields(content: PushContent) -> list[str]:
    return [problem.field for problem in messages.content_problems(content)]


def test_every_field_goes_out_under_expos_name():
    assert messages.payload_of(WHOLE) == {
        "title": "Title",
        "body": "Body",
        "subtitle": "Subtitle",
        "data": {"page": "home"},
        "ttl": 60,
        "expiration": 1_800_000_000,
        "priority": "high",
        "sound": "default",
        "badge": 3,
        "channelId": "news",
        "categoryId": "reply",
        "mutableContent": True,
        "tag": "m1",
    }


def test_what_is_blank_stays_at_home():
    assert messages.payload_of(PushContent(body="Body", data={})) == {"body": "Body"}


def test_zero_is_a_value():
    assert messages.payload_of(PushContent(ttl=0, badge=0)) == {"ttl": 0, "badge": 0}


def test_times_go_out_as_whole_numbers():
    payload = messages.payload_of(PushContent(ttl=60.0, expiration=1_800_000_000.7))  # type: ignore[arg-type]
    assert json.dumps(payload) == '{"ttl": 60, "expiration": 1800000000}'


def test_data_may_be_any_mapping():
    content = PushContent(data=MappingProxyType({"page": "home"}))
    assert json.dumps(messages.payload_of(content)) == '{"data": {"page": "home"}}'


def test_the_same_content_is_put_into_words_once():
    batch = [PushMessage(id=n, token=f"ExponentPushToken[{n}]", content=WHOLE) for n in range(3)]
    written, _ = messages.write(batch)
    assert [each.get_payload()["to"] for each in written] == [message.token for message in batch]
    assert len({id(each.payload) for each in written}) == 1


@pytest.mark.parametrize(
    "data", [{"at": datetime(2026, 1, 1, tzinfo=UTC)}, {"n": float("nan")}, {(1, 2): 3}, [1], "x"]
)
def test_what_json_cannot_say_is_rejected_alone(data):
    good = PushMessage(id=1, token="ExponentPushToken[a]", content=WHOLE)
    bad = PushMessage(id=2, token="ExponentPushToken[b]", content=PushContent(body="Body", data=data))
    written, unwritable = messages.write([good, bad])
    assert [each.source for each in written] == [good]
    [(message, ticket)] = unwritable
    assert (message, ticket.outcome, ticket.code) == (bad, Outcome.REJECTED, "Unwritable")


@pytest.mark.parametrize("data", [{"at": datetime(2026, 1, 1, tzinfo=UTC)}, {"n": float("inf")}, [1], "x", 5])
def test_it_names_data_that_is_no_json_object(data):
    assert fields(PushContent(body="Body", data=data)) == ["data"]


def test_data_that_goes_round_in_circles_is_named():
    data: dict = {}
    data["self"] = data
    assert fields(PushContent(body="Body", data=data)) == ["data"]


@pytest.mark.parametrize(
    "token",
    [
        "ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]",
        "ExpoPushToken[xxxxxxxxxxxxxxxxxxxxxx]",
        "ExponentPushToken[a]",
        "ExponentPushToken[aB-_+/=.:9]",
        "F5741A13-BCDA-434B-A316-5DC0E6FFA94F",
        "f5741a13-bcda-434b-a316-5dc0e6ffa94f",
    ],
)
def test_it_takes_each_of_expos_three_forms(token):
    assert messages.token_problem(token) == ""


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("", "The push token is empty."),
        ("ExponentPushToken[abc", "This push token is cut off: the ] at its end is missing."),
        ("ExpoPushToken[]", "This push token is empty between its brackets."),
        ("x" * 201, "This is 201 characters long; an Expo push token has at most 200."),
    ],
)
def test_it_says_what_is_wrong_with_a_token(token, sentence):
    assert messages.token_problem(token) == sentence


@pytest.mark.parametrize("inside", ["a b", "a[b", "a]b", "ä", "a\x00", "a\n", "\u202e"])
def test_it_knows_characters_that_no_token_has(inside):
    assert "between its brackets" in messages.token_problem(f"ExponentPushToken[{inside}]")


@pytest.mark.parametrize(
    "token", ["garbage", "ExponentPushTokenGARBAGE", "{f5741a13-bcda-434b-a316-5dc0e6ffa94f}"]
)
def test_it_says_how_a_token_looks(token):
    assert messages.token_problem(token).startswith("An Expo push token looks like ExponentPushToken[…]")


def test_a_message_needs_a_title_a_body_or_data():
    assert fields(PushContent(subtitle="Subtitle", badge=1)) == ["body"]


@pytest.mark.parametrize(
    "content", [PushContent(title="a"), PushContent(body="a"), PushContent(data={"a": 1}), WHOLE]
)
def test_any_one_of_them_is_enough(content):
    assert fields(content) == []


@pytest.mark.parametrize("priority", ["default", "normal", "high"])
def test_it_knows_expos_priorities(priority):
    assert fields(PushContent(body="Body", priority=priority)) == []


def test_it_names_a_priority_that_expo_does_not_know():
    assert sizes(PushContent(body="Body", priority="urgent")) == [
        "Priority is one of default, normal, high, not “urgent”."
    ]


@pytest.mark.parametrize("name", ["ttl", "expiration", "badge"])
@pytest.mark.parametrize("value", [-1, 1.5, True, "1"])
def test_it_names_a_number_that_is_no_count(name, value):
    assert fields(PushContent(body="Body", **{name: value})) == [name]


def test_a_message_of_4096_bytes_may_go():
    body = "x" * (4096 - len('{"body":""}'))
    assert messages.payload_size(PushContent(body=body)) == 4096
    assert sizes(PushContent(body=body)) == []


def test_it_says_by_how_many_bytes_a_message_is_too_long():
    body = "x" * (4311 - len('{"body":"","data":{"a":1}}'))
    assert sizes(PushContent(body=body, data={"a": 1})) == [
        "The message is 4,311 bytes as sent, Expo allows 4,096: shorten body or data by 215 bytes."
    ]


def test_the_heaviest_part_is_named_first():
    [problem] = messages.content_problems(PushContent(body="short", data={"a": "x" * 5000}))
    assert problem.field == "data"
    assert "shorten data or body" in problem.message


def test_letters_count_as_the_bytes_they_are():
    assert messages.payload_size(PushContent(body="é€🔔")) == len('{"body":""}') + 2 + 3 + 4
