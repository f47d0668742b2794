"""What every provider of push promises: one vendor behind one closed vocabulary."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from notifications import wire


class PushProvider(ABC):
    """One vendor, spoken to for one credential.

    Trouble at the vendor's end is a value (a Ticket), never an exception. An instance may be used by several threads.
    """

    key: ClassVar[str]
    """The word in the registry, in Device.provider and in Credential.provider."""
    label: ClassVar[str]
    """The vendor's own spelling, for people."""
    default_url: ClassVar[str]
    """Where the vendor lives when nothing else is configured."""
    batch_size: ClassVar[int]
    """How many messages one claim carries."""
    connections: ClassVar[int]
    """How many batches of one credential may be under way at once."""
    rate: ClassVar[int]
    """Messages a second the vendor allows one credential; 0 where it names no limit."""
    has_receipts: ClassVar[bool] = False
    """Does an accepted message get a second answer that must be asked for?"""
    receipt_batch_size: ClassVar[int] = 0
    """How many receipts one question may ask for."""
    merges_copies: ClassVar[bool] = False
    """Does the vendor (or the phone) show one notification when the same message arrives twice?
    Decides what becomes of an ambiguous message: sent again, or `unknown`."""
    secret_fields: ClassVar[Mapping[str, str]] = {}
    """Secrets a credential may hold: field name → label for people."""
    codes: ClassVar[Mapping[str, wire.Code]] = {}
    """Every code of the vendor that is known, and what it means."""

    def __init__(self, access: wire.Access, *, deadline: float = 30.0) -> None:
        """`deadline`: seconds in which one `send` or `receipts` has ended, however many calls it makes.
        Always less than the lease of a batch."""
        self.access = access
        self.deadline = deadline

    @classmethod
    @abstractmethod
    def check_token(cls, token: str) -> str:
        """Say what is wrong with a push address, in a sentence for people; "" when nothing is."""

    @classmethod
    @abstractmethod
    def check_content(cls, content: wire.PushContent) -> list[wire.Problem]:
        """Say what the vendor would refuse in this content (its size as sent, above all)."""

    @classmethod
    @abstractmethod
    def payload(cls, content: wire.PushContent) -> dict[str, Any]:
        """What is sent of this content, under the vendor's own names and without an address."""

    @abstractmethod
    def send(self, batch: Sequence[wire.PushMessage]) -> Iterator[tuple[wire.PushMessage, wire.Ticket]]:
        """Send up to `batch_size` messages; yield (message, ticket) as answers arrive, one for each, in any order.

        `misconfigured` stops the credential. What may be one device's own fault is `rejected` where others of the batch
        were accepted.
        """

    def receipts(self, external_ids: Sequence[str]) -> wire.ReceiptAnswer:
        """Ask for up to `receipt_batch_size` receipts. Ids the vendor does not know yet are absent from the answer.

        `misconfigured` as in `send`: `rejected` where others arrived, and then told as `doubt`.
        """
        raise TypeError(f"{self.label} gives no receipts")
