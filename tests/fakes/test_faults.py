"""The fault script: which rule applies when."""

from __future__ import annotations

import pytest

from tests.fakes.faults import Action, BadScript, FaultScript, Kind, Match, Rule, rules_from_json


def hit(match: Match, requests: int = 10) -> list[int]:
    script = FaultScript([Rule(match=match, action=Action(kind=Kind.DROP))])
    return [number for number in range(1, requests + 1) if script.for_request("send", number)]


def test_it_matches_every_request_where_nothing_is_asked():
    assert hit(Match(), 3) == [1, 2, 3]


def test_it_matches_the_named_requests():
    assert hit(Match(nth=(2, 5))) == [2, 5]


def test_it_matches_each_kth_request():
    assert hit(Match(every=4)) == [4, 8]


def test_it_matches_a_stretch_of_requests():
    assert hit(Match(after=3, until=6)) == [4, 5, 6]


def test_it_matches_only_so_many_times():
    assert hit(Match(times=2)) == [1, 2]


def test_it_matches_one_endpoint():
    assert hit(Match(endpoint="receipts")) == []


def test_it_draws_the_same_luck_from_the_same_seed():
    assert hit(Match(probability=0.1, seed=3), 1000) == hit(Match(probability=0.1, seed=3), 1000)


def test_it_draws_other_luck_from_another_seed():
    assert hit(Match(probability=0.1, seed=3), 1000) != hit(Match(probability=0.1, seed=4), 1000)


def test_it_hits_about_the_share_that_was_asked_for():
    assert 70 <= len(hit(Match(probability=0.1), 1000)) <= 130


def test_it_takes_the_first_rule_that_matches():
    rules = [
        Rule(match=Match(nth=(2,)), action=Action(kind=Kind.ANSWER, status=500)),
        Rule(action=Action(kind=Kind.ANSWER, status=503)),
    ]
    script = FaultScript(rules)
    found = [script.for_request("send", number) for number in (1, 2)]
    assert [action.status for action in found if action] == [503, 500]


def test_it_does_not_spend_a_rule_on_a_request_it_does_not_match():
    script = FaultScript([Rule(match=Match(token="bob", times=1), action=Action(kind=Kind.DROP))])
    assert script.for_addresses("send", 1, ["alice"]) is None
    assert script.for_addresses("send", 2, ["alice", "bob"]) is not None


def test_it_keeps_rules_about_messages_away_from_requests():
    script = FaultScript([Rule(action=Action(kind=Kind.TICKET_ERROR, code="ExpoError"))])
    assert script.for_request("send", 1) is None
    assert script.for_message("send", 1, "alice", 1) is not None


def test_it_reads_back_the_json_it_writes():
    rule = Rule(match=Match(every=3, token="x"), action=Action(kind=Kind.ANSWER, status=429, retry_after="5"))
    assert rules_from_json([rule.as_json()]) == [rule]


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"match": {}}, "with `action`"),
        ({"action": {"kind": "explode"}}, "'explode'"),
        ({"action": {"kind": "drop", "status": 500}}, "does not know status"),
        ({"action": {"kind": "drop"}, "match": {"nht": [1]}}, "does not know nht"),
        ({"action": {"kind": "drop"}, "match": {"nth": 1}}, "nth cannot be 1"),
        ({"action": {"kind": "drop"}, "when": "always"}, "does not know when"),
    ],
)
def test_it_refuses_a_rule_that_would_do_nothing(rule, complaint):
    with pytest.raises(BadScript, match=complaint):
        rules_from_json([rule])
