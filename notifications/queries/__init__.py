"""Reads that pages, commands and sockets share, one module for each noun."""

from __future__ import annotations

from notifications.queries.topics import Seat, still_taken, topics_open_to

__all__ = ["Seat", "still_taken", "topics_open_to"]
