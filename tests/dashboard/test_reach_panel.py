"""Numbers of an audience, in words."""

from __future__ import annotations

import pytest

from dashboard.reach_panel import ReachPanel
from notifications.audience import Reach

BOTH = ["bell", "push"]


@pytest.mark.parametrize(
    ("reach", "channels", "said"),
    [
        (Reach(bell_people=1000, push_people=900, push_devices=1200), BOTH, "1,000 people"),
        (Reach(bell_people=1, push_people=1, push_devices=1), BOTH, "1 person"),
        (Reach(bell_people=9, push_devices=1, loose_devices=1), BOTH, "9 people and 1 device"),
        (Reach(push_devices=20, loose_devices=20), ["push"], "20 devices"),
        (Reach(bell_people=9, push_people=7, push_devices=8), ["push"], "7 people"),
        (Reach(bell_people=9, push_devices=20, loose_devices=20), ["bell"], "9 people"),
        (Reach(bell_people=9, push_devices=9), [], "nobody"),
        (Reach(), BOTH, "nobody"),
    ],
)
def test_it_says_who_gets_it(reach: Reach, channels: list[str], said: str) -> None:
    assert ReachPanel(reach=reach, channels=channels).words == said


def test_its_bar_holds_everybody_meant() -> None:
    reach = Reach(
        people=12, bell_people=10, push_people=7, push_devices=12, loose_devices=3, left_out={"muted": 2}
    )
    for channels in (BOTH, ["push"], ["bell"]):
        panel = ReachPanel(reach=reach, channels=channels)
        assert panel.whole == 12 + panel.devices_alone, channels


def test_left_out_come_with_the_largest_group_first() -> None:
    reach = Reach(bell_people=10, push_people=7, left_out={"muted": 2, "account_inactive": 5})
    counts = [count for _, count in ReachPanel(reach=reach, channels=["push"]).left_out]
    assert counts == [5, 3, 2]
