"""What HTTP means where a vendor says nothing, and a vendor's words made fit to keep."""

from __future__ import annotations

import re
from datetime import timedelta
from email.utils import format_datetime

import pytest

from notifications import clock
from notifications.providers import answers
from notifications.wire import Outcome

ADDRESSES = re.compile(r"addr-\w+")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.AMBIGUOUS),
        (204, Outcome.AMBIGUOUS),
        (302, Outcome.MISCONFIGURED),
        (400, Outcome.REJECTED),
        (401, Outcome.MISCONFIGURED),
        (403, Outcome.MISCONFIGURED),
        (404, Outcome.MISCONFIGURED),
        (405, Outcome.MISCONFIGURED),
        (408, Outcome.RETRY),
        (413, Outcome.REJECTED),
        (418, Outcome.REJECTED),
        (429, Outcome.RETRY),
        (500, Outcome.RETRY),
        (502, Outcome.AMBIGUOUS),
        (503, Outcome.RETRY),
        (504, Outcome.AMBIGUOUS),
        (520, Outcome.AMBIGUOUS),
        (521, Outcome.RETRY),
        (524, Outcome.AMBIGUOUS),
        (599, Outcome.RETRY),
    ],
)
def test_a_status_has_one_meaning(status, outcome):
    assert answers.outcome_of(status) is outcome


def test_no_status_ever_condemns_a_device_or_counts_as_sent():
    outcomes = {answers.outcome_of(status) for status in range(200, 1000)}
    assert outcomes == {Outcome.RETRY, Outcome.REJECTED, Outcome.MISCONFIGURED, Outcome.AMBIGUOUS}


def test_a_table_agrees_with_what_is_read():
    table = answers.codes("Somebody")
    assert [code for code in table if code.startswith("HTTP")]
    for code, says in table.items():
        if code.startswith("HTTP"):
            assert says.outcome is answers.outcome_of(int(code.removeprefix("HTTP ")))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30),
        (" 30 ", 30),
        ("0.5", 0.5),
        ("-5", 0),
        ("3601", 3600),
        ("1000000000", 3600),
        ("9" * 400, 3600),
        ("inf", None),
        ("nan", None),
        ("", None),
        ("soon", None),
        ("Mon, 99 Foo 2026 25:61:61 GMT", None),
        ("Mon, 01 Jan 1990 00:00:00 GMT", 0),
        ("Mon, 01 Jan 2990 00:00:00 GMT", 3600),
    ],
)
def test_it_reads_how_long_to_wait(header, seconds):
    assert answers.retry_after({"Retry-After": header}) == seconds


def test_a_date_without_a_zone_is_in_utc():
    date = format_datetime(clock.now().replace(tzinfo=None) + timedelta(seconds=60))
    assert answers.retry_after({"Retry-After": date}) == pytest.approx(60, abs=5)


def test_no_header_is_no_wait():
    assert answers.retry_after({}) is None


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("two\r\n lines", "two lines"),
        ("nul\x00", "nul"),
        ("\ud800lone", "lone"),
        ("\u202eturned", "turned"),
        ("x" * 500, "x" * 100),
        (5, ""),
        (None, ""),
        (["a"], ""),
    ],
)
def test_a_text_is_kept_on_one_line_without_what_a_database_refuses(value, kept):
    assert answers.text(value, 100) == kept


@pytest.mark.parametrize("value", [5, None, {}, "x" * 129, "nul\x00", "two\nlines", "\ud800"])
def test_an_id_that_cannot_be_asked_for_is_none(value):
    assert answers.reference(value) == ""


def test_an_id_is_kept_as_it_is():
    assert answers.reference("3a7d2e6c-0000-4000-8000-000000000001") == "3a7d2e6c-0000-4000-8000-000000000001"


def test_a_detail_is_masked_before_it_is_cut():
    said = f"{'x' * 290} addr-secret and my-password too"
    assert answers.detail(said, ["my-password"], ADDRESSES) == f"{'x' * 290} … and … too"[:300]


def test_what_is_too_short_for_a_secret_is_not_hidden():
    assert answers.detail("a cat", ["a", ""], ADDRESSES) == "a cat"
