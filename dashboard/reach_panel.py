"""Whom a broadcast would reach, in the words and shapes of the form and of the page that asks to confirm it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.templatetags.figures import number
from notifications.audience import Reach, reach
from notifications.models import AudienceKind, Broadcast, NotificationPriority, Project, SuppressionReason
from notifications.models.notification import SUPPRESSION_WORDS
from notifications.queries.names import channel_label

UNKNOWN_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Part:
    """People who are reached in the same way: a piece of the bar, with its fill and its words."""

    fill: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachPanel:
    """The numbers of one audience on these channels. A device without an account counts as itself."""

    reach: Reach
    channels: Sequence[str]
    is_of_uids: bool = False
    """Is the audience named by uids?"""

    @property
    def addressed(self) -> int:
        """Everybody who gets at least one copy."""
        return self.reach.addressed(self.channels)

    @property
    def devices_alone(self) -> int:
        """Those of them that are devices without an account."""
        return self.reach.loose_devices if self.by_push else 0

    @property
    def people(self) -> int:
        """Those of them that are people."""
        return self.addressed - self.devices_alone

    @property
    def words(self) -> str:
        """`1,000 people`, `1 person and 20 devices`, `nobody`."""
        people = f"{number(self.people)} {'person' if self.people == 1 else 'people'}" if self.people else ""
        devices = _devices(self.devices_alone) if self.devices_alone else ""
        return " and ".join(part for part in (people, devices) if part) or "nobody"

    @property
    def by_push(self) -> bool:
        """Is push among the channels?"""
        return "push" in self.channels

    @property
    def by_bell(self) -> bool:
        """Is the bell among the channels?"""
        return "bell" in self.channels

    @property
    def channel_names(self) -> list[str]:
        """The channels for people, in the order of the broadcast."""
        return [channel_label(key) for key in self.channels]

    @property
    def copies(self) -> list[tuple[str, str]]:
        """What goes out on each channel: (channel, how many of what)."""
        rows = []
        if self.by_bell:
            bell = self.reach.bell_people
            rows.append((channel_label("bell"), f"{number(bell)} {'person' if bell == 1 else 'people'}"))
        if self.by_push:
            rows.append((channel_label("push"), _devices(self.reach.push_devices)))
        return rows

    @property
    def parts(self) -> list[Part]:
        """The bar, in order; together all people meant and the devices without an account."""
        both = "push and in-app" if self.by_bell else "push"
        by_push = self.reach.push_people if self.by_push else 0
        found = [
            Part("push", both, by_push),
            Part("bell", "in-app only" if self.by_push else "in-app", self.people - by_push),
            Part("soft", "devices without an account", self.devices_alone),
            Part("idle", "left out", sum(count for _, count in self.left_out)),
        ]
        return [part for part in found if part.count]

    @property
    def fills(self) -> dict[str, int]:
        """How many by fill of the bar; a fill that is not there counts as nothing in a template."""
        return {part.fill: part.count for part in self.parts}

    @property
    def whole(self) -> int:
        """What the whole bar stands for."""
        return sum(part.count for part in self.parts)

    @property
    def left_out(self) -> list[tuple[str, int]]:
        """People meant whom no chosen channel reaches: (the reason in a sentence, how many), the most first."""
        reasons = dict(self.reach.left_out)
        without = self.reach.bell_people - self.reach.push_people
        if self.by_push and not self.by_bell and without:
            reasons[SuppressionReason.NO_DEVICE] = reasons.get(SuppressionReason.NO_DEVICE, 0) + without
        rows = [(SUPPRESSION_WORDS[SuppressionReason(reason)], count) for reason, count in reasons.items()]
        return sorted(rows, key=lambda row: -row[1])

    @property
    def unknown(self) -> list[str]:
        """The first of the uids that nobody answers to."""
        return self.reach.unknown_uids[:UNKNOWN_SHOWN]

    @property
    def unknown_more(self) -> int:
        """How many of them are not shown."""
        return len(self.reach.unknown_uids) - len(self.unknown)

    @property
    def why_nobody(self) -> str:
        """Why nobody would get it, and what to do; "" when somebody does."""
        if self.addressed:
            return ""
        if not self.channels:
            return "No channel is chosen."
        if self.left_out:
            return (
                "Everybody meant is left out, for the reasons above. Choose other people or another channel."
            )
        if self.reach.unknown_uids:
            return "Nobody answers to these uids. Check them, or import the people first."
        if self.is_of_uids:
            return "No uid is given."
        return "There are no people and no devices here yet. Import some first."


def _devices(count: int) -> str:
    return f"{number(count)} device{'' if count == 1 else 's'}"


def reach_panel(
    project: Project, kind: AudienceKind, uids: Sequence[str], channels: Sequence[str], *, critical: bool
) -> ReachPanel:
    """Count an audience now. The number of queries is fixed."""
    numbers = reach(project, kind, uids, critical=critical)
    return ReachPanel(reach=numbers, channels=channels, is_of_uids=kind == AudienceKind.UIDS)


def reach_panel_of(broadcast: Broadcast) -> ReachPanel:
    """Count the audience of a broadcast now."""
    kind = AudienceKind(broadcast.audience_kind)
    critical = broadcast.priority == NotificationPriority.CRITICAL
    return reach_panel(
        broadcast.project, kind, broadcast.audience_uids, broadcast.channels, critical=critical
    )
