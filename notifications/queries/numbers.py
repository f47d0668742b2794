"""How far a broadcast has come: the numbers that follow from counted rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime

from notifications import clock
from notifications.audience import Reach
from notifications.channels.bell import BellChannel
from notifications.channels.push import PushChannel
from notifications.models import Broadcast, BroadcastState, MessageState, Reason
from notifications.models.notification import SUPPRESSION_WORDS, SuppressionReason
from notifications.queries.groups import HANDED_OVER, WAITING, Group, total
from notifications.queries.names import provider


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """People not sent to on one channel, for one reason."""

    channel: str
    reason: str
    count: int

    @property
    def words(self) -> str:
        """The reason in a sentence."""
        return suppression_words(self.reason)


def suppression_words(reason: str) -> str:
    """Why somebody is not sent to, in a sentence."""
    return SUPPRESSION_WORDS[SuppressionReason(reason)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The copies of one channel and provider. A channel that delivers by itself has no provider."""

    channel: str
    provider: str = ""
    copies: int
    handed_over: int
    delivered: int
    pending: int = 0
    """Accepted, and nothing more known: a receipt may still come, unless the provider gives none."""
    failed: int = 0
    unknown: int = 0

    @property
    def is_of_messages(self) -> bool:
        """Are its copies messages? Those in the bell are notifications."""
        return self.channel != BellChannel.key

    @property
    def has_receipts(self) -> bool:
        """Is `delivered` ever said? Otherwise `accepted` is the last word."""
        return not self.provider or provider(self.provider).has_receipts


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One broadcast in numbers. A copy is a notification in somebody's bell, or a message to an address."""

    broadcast: Broadcast
    groups: Sequence[Group] = ()
    in_app: int = 0
    failed_later: int = 0
    """Messages that a provider took over first and reported as failed later."""
    left_out: Sequence[LeftOut] = ()
    counted_at: datetime = field(default_factory=clock.now)

    def messages(self, *states: str) -> int:
        """How many messages are in these states; all of them where none is named."""
        return total(self.groups, states)

    @property
    def reach(self) -> Reach:
        """The numbers that the operator confirmed; zeros for a draft."""
        known = {field.name for field in fields(Reach)} - {"unknown_uids"}
        return Reach(**{name: value for name, value in self.broadcast.reach.items() if name in known})

    @property
    def addressed(self) -> int:
        """People, and devices without an account, that get at least one copy, as confirmed."""
        return self.reach.addressed(self.broadcast.channels)

    @property
    def meant(self) -> int:
        """People of the audience, reachable or not, and devices without an account where a channel reaches those."""
        return self.reach.people + (
            self.reach.loose_devices if PushChannel.key in self.broadcast.channels else 0
        )

    @property
    def makes_messages(self) -> bool:
        """Does any channel need messages? The bell delivers by itself."""
        return any(key != BellChannel.key for key in self.broadcast.channels)

    @property
    def widest_channel(self) -> str:
        """The channel that leaves out the fewest people."""
        return min(self.broadcast.channels, key=self._left_out_of, default="")

    @property
    def people_left_out(self) -> int:
        """People that no channel reaches so far: those left out of the widest."""
        return self._left_out_of(self.widest_channel)

    @property
    def copies(self) -> int:
        """Copies written out so far."""
        return self.in_app + self.messages()

    @property
    def expected(self) -> int:
        """Copies there will be when all is written out, as far as anybody can know."""
        is_complete = self.broadcast.expanded_at or self.broadcast.state == BroadcastState.CANCELLED
        return self.copies if is_complete else max(self.copies, self._confirmed)

    @property
    def never_written(self) -> int:
        """Copies that the audience still has, or had when the broadcast was stopped."""
        return 0 if self.broadcast.expanded_at else max(0, self._confirmed - self.copies)

    @property
    def waiting(self) -> int:
        """Messages that wait their turn."""
        return self.messages(*WAITING)

    @property
    def unsent(self) -> int:
        """Copies that are still to leave: those that wait, and those that are not written out yet."""
        return self.waiting + self.never_written

    @property
    def stopped(self) -> int:
        """Copies that were to leave when the broadcast was cancelled."""
        return self.messages(MessageState.CANCELLED) + self.never_written

    @property
    def on_the_wire(self) -> int:
        """Messages that a worker is handing over right now."""
        return self.messages(MessageState.SENDING)

    @property
    def handed_over(self) -> int:
        """Copies that are out of our hands, whatever became of them."""
        return self.in_app + self.messages(*HANDED_OVER)

    @property
    def refused(self) -> int:
        """Messages that failed without ever being taken over."""
        return max(0, self.failed - self.failed_later)

    @property
    def accepted(self) -> int:
        """Copies that a provider took over (or that stand in a bell), whatever became of them later."""
        return self.handed_over - self.refused - self.unknown

    @property
    def delivered(self) -> int:
        """Copies that arrived, as far as anybody says so."""
        return self.in_app + self.messages(MessageState.DELIVERED)

    @property
    def settled(self) -> int:
        """Copies that arrived, or were accepted where no more is ever said."""
        return self.delivered + self.receipts_never

    @property
    def failed(self) -> int:
        """Messages that failed."""
        return self.messages(MessageState.FAILED)

    @property
    def unknown(self) -> int:
        """Messages that left, and no answer came."""
        return self.messages(MessageState.UNKNOWN)

    @property
    def receipts_missing(self) -> int:
        """Messages whose receipt never came."""
        return sum(group.count for group in self._accepted if group.reason == Reason.RECEIPT_MISSING)

    @property
    def receipts_never(self) -> int:
        """Accepted messages of providers that give no receipts."""
        return sum(group.count for group in self._accepted if not provider(group.provider).has_receipts)

    @property
    def receipts_pending(self) -> int:
        """Accepted messages whose receipt may still come."""
        return self.messages(MessageState.ACCEPTED) - self.receipts_missing - self.receipts_never

    @property
    def lines(self) -> list[Line]:
        """The table of channels and providers, in the order of the broadcast's channels."""
        found = [self._line(*key) for key in sorted({(g.channel, g.provider) for g in self.groups})]
        if BellChannel.key in self.broadcast.channels:
            found.append(_bell_line(self.in_app))
        order = {key: place for place, key in enumerate(self.broadcast.channels)}
        return sorted(found, key=lambda line: order.get(line.channel, len(order)))

    @property
    def _confirmed(self) -> int:
        reach = self.reach
        planned = {BellChannel.key: reach.bell_people, PushChannel.key: reach.push_devices}
        return sum(planned.get(key, 0) for key in self.broadcast.channels)

    @property
    def _accepted(self) -> list[Group]:
        return [group for group in self.groups if group.state == MessageState.ACCEPTED]

    def _left_out_of(self, channel: str) -> int:
        return sum(each.count for each in self.left_out if each.channel == channel)

    def _line(self, channel: str, provider_key: str) -> Line:
        own = [group for group in self.groups if (group.channel, group.provider) == (channel, provider_key)]
        return Line(
            channel=channel,
            provider=provider_key,
            copies=total(own),
            handed_over=total(own, HANDED_OVER),
            delivered=total(own, [MessageState.DELIVERED]),
            pending=total(own, [MessageState.ACCEPTED]),
            failed=total(own, [MessageState.FAILED]),
            unknown=total(own, [MessageState.UNKNOWN]),
        )


def _bell_line(in_app: int) -> Line:
    return Line(channel=BellChannel.key, copies=in_app, handed_over=in_app, delivered=in_app)
