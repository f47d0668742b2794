"""The sandbox's addresses: Expo's own paths, below wherever the sandbox is mounted."""

from __future__ import annotations

from django.urls import path

from config.sandbox import protocol, views

app_name = "sandbox"

urlpatterns = [
    path(protocol.SEND_PATH.lstrip("/"), views.send, name="send"),
    path(protocol.RECEIPTS_PATH.lstrip("/"), views.receipts, name="receipts"),
]
