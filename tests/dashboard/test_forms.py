"""What people type while composing becomes what the engine takes, or is told where it is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.forms import ComposeForm, initial_of, split_uids, written_uids
from notifications.actions.drafts import MOST_UIDS
from notifications.models import AudienceKind, NotificationPriority, Project
from tests.factories import make_broadcast, make_device

FILLED = {
    "title": "The coast line reopens",
    "body": "Trains run again.",
    "link": "https://northlight.example/coast",
    "data": '{"screen": "news"}',
    "channels": ["bell", "push"],
    "audience": "everyone",
    "uids": "",
    "priority": "3",
}


def form(project: Project, **changes: Any) -> ComposeForm:
    """The form as posted: filled in well, but for the changes."""
    return ComposeForm(project, {**FILLED, **changes})


def problems(project: Project, **changes: Any) -> dict[str, list[str]]:
    """What the form says is wrong, by field."""
    return dict(form(project, **changes).errors)


def test_it_makes_a_draft_of_what_was_typed(project: Project) -> None:
    filled = form(project)
    assert filled.is_valid(), filled.errors
    draft = filled.draft()
    assert (draft.title, draft.body, draft.link) == (FILLED["title"], FILLED["body"], FILLED["link"])
    assert draft.data == {"screen": "news"}
    assert draft.channels == ("bell", "push")
    assert draft.audience_kind == AudienceKind.EVERYONE
    assert draft.priority == NotificationPriority.NORMAL


def test_it_splits_uids_at_commas_semicolons_spaces_and_lines(project: Project) -> None:
    filled = form(project, audience="uids", uids=" a,b ;c\r\n\td\n\na ")
    assert filled.is_valid(), filled.errors
    assert filled.draft().audience_uids == ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ('"acme, bob"', ["acme, bob"]),
        ('"acme, bob";"x y" z', ["acme, bob", "x y", "z"]),
        ('"say ""hi"" now"', ['say "hi" now']),
        ('"u_1", "u_2"', ["u_1", "u_2"]),
        ('5" 6"', ['5"', '6"']),
        ('"never closed', ['"never', "closed"]),
        ('"a"b c', ['"a"b', "c"]),
        ('"over two\nlines"', ['"over', "two", 'lines"']),
    ],
)
def test_quotes_hold_a_uid_together(typed: str, meant: list[str]) -> None:
    assert split_uids(typed) == meant


@pytest.mark.parametrize(
    "uid", ["acme, bob", "a;b", "Ada Lovelace", '"', '"a"', 'a "b", c', " a ", "a\u00a0b", ",", "x" * 255]
)
def test_any_uid_that_an_import_takes_comes_back_as_it_was(project: Project, uid: str) -> None:
    assert split_uids(written_uids([uid, "bob", uid + "2"])) == [uid, "bob", uid + "2"]


def test_a_copy_of_a_broadcast_means_the_same_people(project: Project) -> None:
    other = make_broadcast(project, audience_kind="uids", audience_uids=["acme, bob", "carl"])
    filled = ComposeForm(project, initial_of(other))
    assert filled.is_valid(), filled.errors
    assert filled.draft().audience_uids == ("acme, bob", "carl")


def test_it_forgets_uids_of_an_audience_that_is_not_chosen(project: Project) -> None:
    filled = form(project, audience="everyone", uids="a b " + "x" * 300)
    assert filled.is_valid(), filled.errors
    assert filled.draft().audience_uids == ()


def test_it_completes_an_address_without_a_scheme(project: Project) -> None:
    filled = form(project, link="northlight.example/coast")
    assert filled.is_valid(), filled.errors
    assert filled.draft().link == "https://northlight.example/coast"


def test_a_line_ends_as_it_does_on_a_phone(project: Project) -> None:
    filled = form(project, body="one\r\ntwo\rthree")
    assert filled.is_valid(), filled.errors
    assert filled.draft().body == "one\ntwo\nthree"


def test_a_channel_is_chosen_once_and_in_order(project: Project) -> None:
    filled = form(project, channels=["push", "bell", "push"])
    assert filled.is_valid(), filled.errors
    assert filled.draft().channels == ("bell", "push")


@pytest.mark.parametrize("data", [{"a": [1] * 4900}, {"a": [[["b"]]] * 300, "c": "é" * 5000}, {"a": 1e15}])
def test_what_was_saved_can_be_saved_again(project: Project, data: dict[str, Any]) -> None:
    first = initial_of(make_broadcast(project, data=data, channels=["bell"]))
    again = ComposeForm(project, first)
    assert again.is_valid(), again.errors
    assert again.draft().data == data


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("title", "", "Write a title"),
        ("title", "   ", "Write a title"),
        ("title", "x" * 201, "at most 200"),
        ("title", "a\0b", "Null characters"),
        ("body", "x" * 4001, "at most 4000"),
        ("link", "not an address", "Write a whole address"),
        ("link", "javascript:alert(1)", "Write a whole address"),
        ("data", "{", "This is not JSON"),
        ("data", "[1]", "Write a JSON object"),
        ("data", '{"a": 1e999}', "too large"),
        ("data", '{"a": NaN}', "NaN"),
        ("data", '{"a": "\\u0000"}', "NUL"),
        ("data", '{"a": "\\ud800"}', "half a character"),
        ("data", "[" * 5000, "nested too deeply"),
        ("data", f'{{"a": "{"x" * 10_000}"}}', "data has at most 10,000"),
        ("channels", [], "Choose at least one channel"),
        ("channels", ["pigeon"], "no channel called pigeon"),
        ("audience", "", "Say who gets it"),
        ("audience", "tags", "Say who gets it"),
        ("priority", "", "Choose a priority"),
        ("priority", "99", "Choose normal or critical"),
    ],
)
def test_it_names_the_field_that_is_wrong(project: Project, field: str, typed: Any, said: str) -> None:
    wrong = problems(project, **{field: typed})
    assert list(wrong) == [field]
    assert said in wrong[field][0]


def test_it_asks_for_uids_where_none_are_pasted(project: Project) -> None:
    assert problems(project, audience="uids", uids=" , ") == {
        "uids": ["Paste at least one uid, or choose Everyone."]
    }


def test_it_refuses_a_uid_that_no_column_could_keep(project: Project) -> None:
    [said] = problems(project, audience="uids", uids=f'fine "{"x" * 256}"')["uids"]
    assert said.startswith("“xxxxxxxxxxxxxxxxxxxx…” is 256 characters long")


def test_it_refuses_more_uids_than_fit(project: Project) -> None:
    uids = " ".join(f"u{n}" for n in range(MOST_UIDS + 1))
    assert "50,001 uids are too many" in problems(project, audience="uids", uids=uids)["uids"][0]


def test_it_says_what_is_too_long_as_sent(project: Project) -> None:
    make_device(project)
    wrong = problems(project, data=f'{{"a": "{"x" * 5000}"}}')
    assert list(wrong) == ["data"]
    assert "bytes as sent" in wrong["data"][0]


def test_it_lets_long_data_pass_where_nothing_is_pushed(project: Project) -> None:
    assert problems(project, data=f'{{"a": "{"x" * 5000}"}}', channels=["bell"]) == {}


def test_a_new_one_starts_with_every_channel_and_everyone() -> None:
    start = initial_of(None)
    assert (start["channels"], start["audience"]) == (["bell", "push"], "everyone")


def test_a_copy_starts_with_the_words_of_the_other(project: Project) -> None:
    other = make_broadcast(
        project, data={"é": 1}, audience_kind="uids", audience_uids=["a", "b"], channels=["push"], priority=1
    )
    filled = ComposeForm(project, initial_of(other))
    assert filled.is_valid(), filled.errors
    draft = filled.draft()
    assert (draft.title, draft.data, draft.priority) == (other.title, {"é": 1}, 1)
    assert (draft.channels, draft.audience_uids) == (("push",), ("a", "b"))


@pytest.mark.parametrize(
    "link", ["https://northlight.example/a?b=c#d", "myapp://news/1", "com.bells+x://tower"]
)
def test_a_link_leads_to_a_page_or_into_an_app(project: Project, link: str) -> None:
    filled = form(project, link=link)
    assert filled.is_valid(), filled.errors
    assert filled.draft().link == link


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "javascript://x/%0aalert(1)",
        "JavaScript://x",
        "data://text",
        "intent://x",
        "file:///etc/passwd",
        "/foo",
        "myapp://a b",
        "myapp://",
        "myapp://" + "x" * 2048,
    ],
)
def test_a_link_that_a_browser_would_run_or_that_leads_nowhere_is_refused(
    project: Project, link: str
) -> None:
    assert problems(project, link=link).keys() == {"link"}


@pytest.mark.parametrize("title", ["\u200b", "\u2060 \u00ad", "abc\u202edef", "\u2067abc"])
def test_a_title_can_be_seen_and_turns_nothing(project: Project, title: str) -> None:
    assert problems(project, title=title).keys() == {"title"}


@pytest.mark.parametrize("title", ["🔔", "שלום", "👩‍👧 hello"])
def test_a_title_may_be_of_any_script(project: Project, title: str) -> None:
    assert not problems(project, title=title)
