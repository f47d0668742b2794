"""What the messages of the bench say: the same in every system, about 250 bytes each. The standard library only."""

from __future__ import annotations

from typing import Any

BATCH = 100
"""Messages that Expo takes in one request."""
HAPPENED = {
    "description": "Order 4711 is on its way: the courier has taken it over and comes between two and four."
}
"""What people are told, in the words of either."""


def token(number: int) -> str:
    """The push token of the device with this number."""
    return f"ExponentPushToken[bench-{number:016}]"


def words(number: int) -> dict[str, Any]:
    """The fields of the message with this number, as both libraries name them."""
    return {
        "title": f"Order {number} is on its way",
        "body": "The courier has taken it over and will be with you between two and four o'clock.",
        "data": {"order": number, "screen": "orders/detail", "source": "bench"},
    }
