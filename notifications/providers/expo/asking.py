"""One question for receipts: an id that Expo dislikes keeps no other from its receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from notifications import http, wire
from notifications.providers.expo import codes, replies
from notifications.providers.expo.parting import Parting
from notifications.providers.expo.replies import Receipts, Refusal
from notifications.wire import Outcome

PATH = "/push/getReceipts"


def ask(
    session: http.Session, secrets: Sequence[str], ids: Sequence[str], deadline: float
) -> wire.ReceiptAnswer:
    """Ask for all at once, for fewer only where Expo refuses them together. One refused alone is merely absent."""

    def question(part: Sequence[str]) -> Receipts | Refusal:
        try:
            found = replies.receipts(part, session.post(PATH, orjson.dumps({"ids": part})), secrets)
        except replies.FAILURES as error:
            found = replies.unanswered(error)
        return _to_ask_again(found) if isinstance(found, Refusal) else found

    if not ids:
        return wire.ReceiptAnswer()
    known: Receipts = {}
    refused: list[Refusal] = []
    is_open = False
    for _, verdict in Parting(question, deadline).answers(ids):
        if isinstance(verdict, Refusal):
            refused.append(verdict)
        else:
            is_open = True
            known.update(verdict)
    doubt = next((each for each in known.values() if each.code in codes.DOUBTFUL), None)
    if doubt is None or not any(each.outcome is Outcome.ACCEPTED for each in known.values()):
        return wire.ReceiptAnswer(receipts=known, trouble=_trouble(refused, is_open))
    return wire.ReceiptAnswer(receipts=_judged(known), trouble=_trouble(refused, is_open), doubt=doubt)


def _to_ask_again(refusal: Refusal) -> Refusal:
    """Asking twice does no harm, so a lost answer is `retry`."""
    if refusal.ticket.outcome is not Outcome.AMBIGUOUS:
        return refusal
    return replace(refusal, ticket=replace(refusal.ticket, outcome=Outcome.RETRY))


def _trouble(refused: Sequence[Refusal], is_open: bool) -> wire.Ticket | None:
    """What went wrong with the question; nothing, where Expo merely dislikes single ids."""
    whole = [r for r in refused if not r.splits or (r.ticket.code in codes.WITHOUT_A_REASON and not is_open)]
    return whole[-1].ticket if whole else None


def _judged(known: Mapping[str, wire.Receipt]) -> Receipts:
    """What may be everybody's fault is this message's own here: another one of the same answer arrived."""
    return {
        name: replace(receipt, outcome=Outcome.REJECTED) if receipt.code in codes.DOUBTFUL else receipt
        for name, receipt in known.items()
    }
