"""An operator steps in: pause, resume, cancel, send again what got no answer."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import RULES
from tests.browser.site import Site
from tests.browser.steps import SOON, figure, number, send, state
from tests.fakes.faults import Action, Kind, Match, Rule
from tests.fakes.process import FakeExpo

HALF_WAY = (
    Rule(match=Match(endpoint="send", times=1), action=Action(kind=Kind.DELAY, delay_before=0.1)),
    Rule(match=Match(endpoint="send"), action=Action(kind=Kind.DELAY, delay_before=10)),
)
"""One batch goes through; those that are on the wire then keep every worker busy while an operator acts."""
LOST_ANSWER = Rule(match=Match(endpoint="send", times=1), action=Action(kind=Kind.DROP_AFTER_ACCEPT))
IN_STATE = "SELECT count(*) FROM notifications_message WHERE broadcast_id = ? AND state = ?"
OPEN = "SELECT count(*) FROM notifications_batch WHERE finished_at IS NULL"


def test_a_broadcast_is_paused_resumed_and_cancelled_half_way(
    operator: Page, crowd: Site, expo: FakeExpo
) -> None:
    expo.faults(*HALF_WAY)
    mine = send(operator, "This one stops half-way", project="default")
    expect(figure(operator, "Handed over")).not_to_have_text("0", timeout=SOON)
    operator.get_by_role("button", name="Pause").click()
    expect(state(operator)).to_have_text("Paused")
    operator.get_by_role("button", name="Resume").click()
    expect(state(operator)).to_have_text("Sending")
    operator.get_by_role("button", name="Cancel sending").click()
    expect(operator.locator("#cancel")).to_contain_text(re.compile("Cancel the [1-9][0-9]* copies"))
    operator.get_by_role("button", name="Cancel what waits").click()
    expect(state(operator)).to_have_text("Cancelled")
    expect(operator.locator("#throughput")).to_contain_text("0 in flight", timeout=SOON)
    sent = len(
        {entry.token for entry in expo.history() if entry.message["title"] == "This one stops half-way"}
    )
    cancelled = crowd.count(IN_STATE, mine, "cancelled")
    assert crowd.count(OPEN) == 0
    assert 0 < cancelled < number(figure(operator, "Copies"))
    assert sent + cancelled == number(figure(operator, "Copies"))


def test_what_got_no_answer_is_sent_again_by_hand(operator: Page, site: Site, expo: FakeExpo) -> None:
    expo.faults(*RULES, LOST_ANSWER)
    mine = send(operator, "Did you get this", project="crew", uids="sailor_3 sailor_4 sailor_5")
    again = operator.get_by_role("button", name="Retry 3 unknown")
    again.click(timeout=SOON)
    expect(operator.locator("#retry-unknown")).to_contain_text("would get a second copy")
    operator.get_by_role("button", name="Send them again").click()
    expect(figure(operator, "Delivered")).to_have_text("3", timeout=SOON)
    assert site.count(IN_STATE, mine, "delivered") == 3
