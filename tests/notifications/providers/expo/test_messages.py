"""What is sent to Expo, byte for byte, and what is refused before it is."""

from __future__ import annotations

import json
from collections import UserDict
from dataclasses import fields as fields_of
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from config.sandbox.fields import problem_of
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
    interruption_level="time-sensitive",
    rich_content={"image": "https://bells.example/tower.jpg"},
    icon="bell",
    collapse_id="song",
    content_available=True,
    sound_critical=True,
    sound_volume=0.5,
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
        "sound": {"critical": True, "name": "default", "volume": 0.5},
        "badge": 3,
        "channelId": "news",
        "categoryId": "reply",
        "mutableContent": True,
        "tag": "m1",
        "interruptionLevel": "time-sensitive",
        "richContent": {"image": "https://bells.example/tower.jpg"},
        "icon": "bell",
        "collapseId": "song",
        "_contentAvailable": True,
    }


def test_no_field_is_forgotten():
    assert [each.name for each in fields_of(PushContent) if not getattr(WHOLE, each.name)] == []


def test_expo_takes_each_of_them():
    assert problem_of({"to": "ExpoPushToken[a]", **messages.payload_of(WHOLE)}) == ""


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, None),
        ({"sound": "chime.caf"}, "chime.caf"),
        ({"sound": "chime.caf", "sound_critical": True}, {"critical": True, "name": "chime.caf"}),
        ({"sound_critical": True}, {"critical": True, "name": "default"}),
        ({"sound_critical": True, "sound_volume": 0}, {"critical": True, "name": "default", "volume": 0}),
        ({"sound_volume": 1.0}, {"critical": False, "name": "default", "volume": 1.0}),
    ],
)
def test_a_sound_is_a_name_or_an_object_where_it_is_more(given, sent):
    assert messages.payload_of(PushContent(**given)).get("sound") == sent


def test_what_is_blank_stays_at_home():
    content = PushContent(body="Body", data={}, rich_content={}, content_available=False)
    assert messages.payload_of(content) == {"body": "Body"}


def test_zero_is_a_value():
    assert messages.payload_of(PushContent(ttl=0, badge=0)) == {"ttl": 0, "badge": 0}


def test_times_go_out_as_whole_numbers():
    payload = messages.payload_of(PushContent(ttl=60.0, expiration=1_800_000_000.7))  # type: ignore[arg-type]
    assert json.dumps(payload) == '{"ttl": 60, "expiration": 1800000000}'


def test_data_and_rich_content_may_be_any_mapping():
    shown = MappingProxyType({"image": "https://bells.example/tower.jpg"})
    payload = messages.payload_of(PushContent(data=MappingProxyType({"page": "home"}), rich_content=shown))
    assert json.loads(json.dumps(payload)) == {"data": {"page": "home"}, "richContent": dict(shown)}


class Counted(UserDict):
    """Data that counts how often it is read."""

    times = 0

    def __iter__(self):
        self.times += 1
        return super().__iter__()


def written(*batch: PushMessage) -> list[dict]:
    """What Expo gets of these."""
    return [json.loads(text) for _, text in messages.write(batch)[0]]


def message(number: int, content: PushContent, token: str = "") -> PushMessage:
    return PushMessage(id=number, token=token or f"ExponentPushToken[{number}]", content=content)


def test_the_same_content_is_put_into_words_once():
    data = Counted(page="home")
    content = PushContent(data=data)
    found = written(*(message(n, content) for n in range(3)))
    assert (len(found), data.times) == (3, 1)


def test_each_message_has_its_own_token_and_content():
    contents = [WHOLE, PushContent(body="Body"), WHOLE, PushContent()]
    batch = [message(n, content) for n, content in enumerate(contents)]
    assert written(*batch) == [{"to": each.token, **messages.payload_of(each.content)} for each in batch]


@pytest.mark.parametrize("inside", ['"', "\\", '","title":"x', "\\u0041"])
def test_a_token_goes_out_as_it_is(inside):
    name = f"ExpoPushToken[{inside}]"
    assert written(message(1, WHOLE, token=name))[0]["to"] == name


@pytest.mark.parametrize(
    "data", [{"n": 10**30}, {"n": None}, {"a word": "null"}, {"half a character": "\ud83d"}, {"n": 0.1 + 0.2}]
)
def test_data_arrives_as_it_is(data):
    assert written(message(1, PushContent(data=data)))[0]["data"] == data


def test_a_key_that_is_a_number_becomes_a_text():
    assert written(message(1, PushContent(data={1: "one"})))[0]["data"] == {"1": "one"}


@pytest.mark.parametrize(
    "data", [{"at": datetime(2026, 1, 1, tzinfo=UTC)}, {"n": float("nan")}, {(1, 2): 3}, [1], "x"]
)
def test_what_json_cannot_say_is_rejected_alone(data):
    good, bad = message(1, WHOLE), message(2, PushContent(body="Body", data=data))
    taken, unwritable = messages.write([good, bad])
    assert [each for each, _ in taken] == [good]
    [(refused, ticket)] = unwritable
    assert (refused, ticket.outcome, ticket.code) == (bad, Outcome.REJECTED, "Unwritable")


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
    "token",
    [
        "cKQ1-yD9T0uVn3kQ5pGz2B:APA91bHPRgkF3JUikC4ENAHEeMrd41Zxv3hVZjC9KtT8OvPVGJ-hQMRKRrZuJAEcl7B338qju59zJMjw",
        "740f4707bebcf74f9b7c25d48e3358945f6aa01da5ddb387462c7eaf61bb78ad",
        "740F4707 BEBCF74F 9B7C25D4 8E335894 5F6AA01D A5DDB387 462C7EAF 61BB78AD",
    ],
)
def test_it_refuses_the_tokens_of_fcm_and_of_apns(token):
    assert messages.token_problem(token).startswith("An Expo push token looks like ExponentPushToken[…]")


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


def test_one_that_wakes_the_app_needs_none_of_them():
    assert fields(PushContent(content_available=True)) == []


def test_one_that_wakes_the_app_may_be_shown_as_well():
    assert fields(PushContent(title="Title", content_available=True)) == []


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


@pytest.mark.parametrize(
    "option",
    [
        {"subtitle": "x" * 100},
        {"rich_content": {"image": f"https://bells.example/{'x' * 100}"}},
        {"sound": "x", "sound_critical": True, "sound_volume": 0.25},
        {"interruption_level": "time-sensitive"},
        {"icon": "bell"},
        {"collapse_id": "song"},
        {"tag": "song"},
        {"content_available": True},
        {"mutable_content": True},
    ],
)
def test_every_field_counts(option):
    body = "x" * (4096 - len('{"body":""}'))
    [problem] = messages.content_problems(PushContent(body=body, **option))
    assert problem.field == "body"
    assert "Expo allows 4,096" in problem.message


def test_an_endless_address_of_an_image_is_named():
    content = PushContent(body="Body", rich_content={"image": f"https://bells.example/{'x' * 5000}"})
    assert fields(content) == ["rich_content"]
    assert "shorten the image's address or body by" in sizes(content)[0]


def test_letters_count_as_the_bytes_they_are():
    assert messages.payload_size(PushContent(body="é€🔔")) == len('{"body":""}') + 2 + 3 + 4
