"""The command line of the bench."""

from __future__ import annotations

import pytest

from tests.bench import options


def test_without_words_everything_is_measured_three_times():
    read = options.read([])
    assert (read.runs, read.numbers, read.latencies) == (3, (10_000, 50_000), (0, 50))
    assert (read.stores, read.with_peer, read.peer_waits) == (("sqlite", "postgres"), True, True)


def test_quick_is_one_run_of_ten_thousand_and_no_waiting_for_the_peer():
    read = options.read(["--quick"])
    assert (read.runs, read.numbers, read.with_peer, read.peer_waits) == (1, (10_000,), True, False)


def test_a_quick_run_may_still_be_repeated():
    assert options.read(["--quick", "--runs", "5"]).runs == 5


@pytest.mark.parametrize(
    "words", [["--runs", "0"], ["--parts", "all"], ["--numbers", "0"], ["--only", "oracle"]]
)
def test_what_cannot_be_measured_is_refused(words, capsys):
    with pytest.raises(SystemExit):
        options.read(words)
    assert words[0] in capsys.readouterr().err
