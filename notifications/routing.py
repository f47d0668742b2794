"""Addresses of the sockets."""

from __future__ import annotations

from django.urls import path

from notifications.consumers import LiveConsumer

websocket_urlpatterns = [path("ws/live/<slug:project_slug>/", LiveConsumer.as_asgi())]  # type: ignore[arg-type]
