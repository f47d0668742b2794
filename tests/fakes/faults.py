"""The fault script of a fake: which requests and messages it treats badly, and how.

A script is a list of rules, in Python or as JSON: `{"match": {...}, "action": {"kind": "...", ...}}`.
Among the rules about whole requests the first that matches wins, those without `token` before those with it (they apply
before the body is read); the same among the rules about single messages. Nothing is left to chance: `probability` is
drawn from the seed and the number of the request or message, so the same script does the same again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a fault does."""

    ANSWER = "answer"
    """Give this status, headers and body; nothing is accepted unless `accept` says so."""
    DELAY = "delay"
    """Answer rightly, but late: `delay_before` accepting, `delay_after` it."""
    DROP = "drop"
    """Close the connection and accept nothing (without `token`: before the body is read)."""
    DROP_AFTER_ACCEPT = "drop_after_accept"
    """Accept everything, then close the connection without an answer."""
    HALF_BODY = "half_body"
    """Accept, announce the whole answer, send half of it and close the connection."""
    MALFORMED_JSON = "malformed_json"
    """Accept, then answer 200 with JSON that stops in the middle."""
    HTML = "html"
    """Accept, then answer with a web page, as a proxy would (`status`, 200 unless given)."""
    SLOW_HEADER = "slow_header"
    """Accept, then send the head of the answer one byte each `interval` seconds."""
    SLOW_BODY = "slow_body"
    """Accept, then send the body of the answer one byte each `interval` seconds."""
    HUGE_BODY = "huge_body"
    """Accept, then answer with `size` bytes; with `compressed` they travel as a small gzip body."""
    WRONG_COUNT = "wrong_count"
    """Accept, then answer with `by` tickets more (fewer when negative) than there were recipients."""
    REPEATED_ID = "repeated_id"
    """Accept, then give every ticket of the answer the first one's id."""
    TICKET_ERROR = "ticket_error"
    """Answer this message with an error ticket of this `code`; it is not accepted."""
    TICKET_WITHOUT_ID = "ticket_without_id"
    """Accept this message, but give its ticket no id."""
    RECEIPT_ERROR = "receipt_error"
    """Accept this message; its receipt is an error of this `code`."""
    RECEIPT_MISSING = "receipt_missing"
    """Accept this message; its receipt never comes."""


ABOUT_ONE_MESSAGE = frozenset(
    {Kind.TICKET_ERROR, Kind.TICKET_WITHOUT_ID, Kind.RECEIPT_ERROR, Kind.RECEIPT_MISSING}
)

_DELAYS = {"delay_before", "delay_after"}
_FIELDS_OF: Mapping[Kind, set[str]] = {
    Kind.ANSWER: {"status", "body", "headers", "retry_after", "accept", *_DELAYS},
    Kind.DROP: {"delay_before"},
    Kind.HTML: {"status", *_DELAYS},
    Kind.SLOW_HEADER: {"interval", *_DELAYS},
    Kind.SLOW_BODY: {"interval", *_DELAYS},
    Kind.HUGE_BODY: {"size", "compressed", *_DELAYS},
    Kind.WRONG_COUNT: {"by", *_DELAYS},
    Kind.TICKET_ERROR: {"code"},
    Kind.TICKET_WITHOUT_ID: set(),
    Kind.RECEIPT_ERROR: {"code"},
    Kind.RECEIPT_MISSING: set(),
}
_FORMS: Mapping[type, tuple[type, ...]] = {
    str: (str,),
    int: (int,),
    float: (int, float),
    bool: (bool,),
    tuple: (list, tuple),
    dict: (dict,),
}


class BadScript(ValueError):
    """A rule that cannot mean anything; the text says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which requests (or messages in them) a rule is about: all conditions that are given must hold."""

    endpoint: str = ""
    nth: Sequence[int] = ()
    """These requests of the endpoint, counted from 1."""
    every: int = 0
    """Each k-th request of the endpoint."""
    after: int = 0
    """Only requests later than this number."""
    until: int = 0
    """Only requests up to this number."""
    probability: float = 1.0
    seed: int = 0
    token: str = ""
    """Only where this text is part of the address (for a whole request: of any address in it)."""
    times: int = 0
    """At most so many times; 0 is without end."""

    def holds(self, endpoint: str, request: int, draw: int) -> bool:
        """Do the conditions about endpoint, number and luck hold? `draw` is the number the luck depends on."""
        return (
            self.endpoint in ("", endpoint)
            and (not self.nth or request in self.nth)
            and (not self.every or request % self.every == 0)
            and request > self.after
            and (not self.until or request <= self.until)
            and (self.probability >= 1 or _luck(self.seed, endpoint, draw) < self.probability)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What to do to a request or message; only the fields of its kind may be given."""

    kind: Kind
    delay_before: float = 0.0
    delay_after: float = 0.0
    status: int = 200
    body: Any = ""
    """Text as it is; anything else is sent as JSON."""
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: str = ""
    accept: bool = False
    interval: float = 0.05
    size: int = 64 * 1024 * 1024
    compressed: bool = False
    by: int = -1
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a script."""

    match: Match = field(default_factory=Match)
    action: Action

    def as_json(self) -> dict[str, Any]:
        """The rule as plain values, only what differs from the defaults."""
        bare = Action(kind=self.action.kind)
        return {
            "match": _differences(self.match, Match()),
            "action": {"kind": self.action.kind.value, **_differences(self.action, bare)},
        }


class FaultScript:
    """The rules of a running fake, with the count of what each has done."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self.replace(rules)

    def replace(self, rules: Iterable[Rule]) -> None:
        """Forget the rules so far and follow these."""
        self._rules = list(rules)
        self._used = [0] * len(self._rules)
        self.touches_messages = any(rule.action.kind in ABOUT_ONE_MESSAGE for rule in self._rules)

    def for_request(self, endpoint: str, request: int) -> Action | None:
        """The fault of a request whose addresses are not known yet."""
        return self._first(False, (), endpoint, request, request)

    def for_addresses(self, endpoint: str, request: int, addresses: Sequence[str]) -> Action | None:
        """The fault of a request because of an address in it."""
        return self._first(False, addresses, endpoint, request, request)

    def for_message(self, endpoint: str, request: int, address: str, position: int) -> Action | None:
        """The fault of one message; `position` counts the well-formed messages of the endpoint from 1."""
        found = self._first(True, (), endpoint, request, position)
        return found or self._first(True, (address,), endpoint, request, position)

    def _first(
        self, about_message: bool, addresses: Sequence[str], endpoint: str, request: int, draw: int
    ) -> Action | None:
        for index, rule in enumerate(self._rules):
            match = rule.match
            if (
                (rule.action.kind in ABOUT_ONE_MESSAGE) == about_message
                and bool(match.token) == bool(addresses)
                and (not match.times or self._used[index] < match.times)
                and (not match.token or any(match.token in each for each in addresses))
                and match.holds(endpoint, request, draw)
            ):
                self._used[index] += 1
                return rule.action
        return None


def rules_from_json(value: Any) -> list[Rule]:
    """Read a decoded script. Raises BadScript, naming the rule."""
    if not isinstance(value, list):
        raise BadScript("A fault script is a list of rules.")
    return [_rule(index, each) for index, each in enumerate(value)]


def _rule(index: int, value: Any) -> Rule:
    if not isinstance(value, dict) or not isinstance(value.get("action"), dict):
        raise BadScript(f"Rule {index}: a rule is an object with `action` and, if need be, `match`.")
    match, action = value.get("match", {}), dict(value["action"])
    kind = action.pop("kind", None)
    if kind not in set(Kind):
        raise BadScript(f"Rule {index}: the action's kind is {kind!r}; it must be one of {', '.join(Kind)}.")
    _refuse_unknown(index, "rule", set(value), {"match", "action"})
    _refuse_unknown(index, "match", set(match), {each.name for each in fields(Match)})
    _refuse_unknown(index, f"action {kind}", set(action), _FIELDS_OF.get(Kind(kind), _DELAYS))
    _refuse_wrong_types(index, match, Match())
    _refuse_wrong_types(index, action, Action(kind=Kind(kind)))
    return Rule(match=Match(**match), action=Action(kind=Kind(kind), **action))


def _refuse_wrong_types(index: int, given: Mapping[str, Any], usual: Match | Action) -> None:
    for name, value in given.items():
        form = _FORMS[type(getattr(usual, name))]
        if name != "body" and not isinstance(value, form):
            raise BadScript(f"Rule {index}: {name} cannot be {value!r}.")


def _refuse_unknown(index: int, where: str, given: set[str], known: set[str]) -> None:
    if given - known:
        unknown, allowed = ", ".join(sorted(given - known)), ", ".join(sorted(known)) or "nothing"
        raise BadScript(f"Rule {index}: {where} does not know {unknown}; it takes {allowed}.")


def _differences(value: Match | Action, bare: Match | Action) -> dict[str, Any]:
    usual = asdict(bare)
    return {name: each for name, each in asdict(value).items() if each != usual[name]}


def _luck(seed: int, endpoint: str, draw: int) -> float:
    """A number in [0, 1) that depends on nothing but its arguments."""
    digest = hashlib.blake2b(f"{seed} {endpoint} {draw}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
