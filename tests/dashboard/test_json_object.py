"""JSON objects that people type."""

from __future__ import annotations

import pytest

from dashboard.json_object import DEEPEST, json_object


def nested(levels: int) -> str:
    """An object of so many levels."""
    return '{"a":' * levels + "1" + "}" * levels


def test_an_object_is_read() -> None:
    assert json_object('{"a": [1, 2.5, null, true, "é😀"]}') == {"a": [1, 2.5, None, True, "é😀"]}


def test_a_backslash_before_a_u_is_no_nul() -> None:
    assert json_object(r'{"a": "\\u0000"}') == {"a": r"\u0000"}


def test_a_pair_of_halves_is_one_letter() -> None:
    assert json_object(r'{"a": "\ud83d\ude00"}') == {"a": "😀"}


def test_a_reasonable_depth_is_fine() -> None:
    assert json_object(nested(DEEPEST - 1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{nope", "This is not JSON \\(line 1, column 2\\)"),
        ("", "This is not JSON"),
        ("[1]", "Write a JSON object"),
        ('"text"', "Write a JSON object"),
        ("null", "Write a JSON object"),
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": -Infinity}', "-Infinity is no number"),
        ('{"a": 1e999}', "too large"),
        ('{"a": 9223372036854775808}', "too large"),
        ('{"a": ' + "9" * 5_000 + "}", "too large"),
        (r'{"a": "\u0000"}', "NUL"),
        (r'{"\u0000": 1}', "NUL"),
        (r'{"a": ["\ud800"]}', "half a character"),
        (nested(DEEPEST), "nested too deeply"),
        (nested(100_000), "nested too deeply"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
    ],
    ids=range(16),
)
def test_what_cannot_be_sent_is_said_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        json_object(text)


def test_the_largest_number_that_everybody_keeps_is_fine() -> None:
    assert json_object('{"a": 9223372036854775807}')
