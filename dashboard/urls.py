"""Addresses of the operators' pages."""

from __future__ import annotations

from django.urls import path

from dashboard.views import (
    broadcast,
    broadcasts,
    compose,
    device,
    device_import,
    devices,
    home,
    imports,
    login,
    messages,
    overview,
    providers,
    start,
)

app_name = "dashboard"

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", login.login, name="login"),
    path("logout/", login.logout, name="logout"),
    path("<slug:project_slug>/", overview.overview, name="overview"),
    path("<slug:project_slug>/start/", start.checklist, name="start"),
    path("<slug:project_slug>/compose/", compose.new, name="compose"),
    path("<slug:project_slug>/compose/reach/", compose.reach, name="compose_reach"),
    path("<slug:project_slug>/compose/<int:broadcast_id>/", compose.edit, name="compose_edit"),
    path("<slug:project_slug>/broadcasts/", broadcasts.broadcast_list, name="broadcasts"),
    path("<slug:project_slug>/broadcasts/<int:broadcast_id>/", broadcast.detail, name="broadcast"),
    path(
        "<slug:project_slug>/broadcasts/<int:broadcast_id>/confirm/",
        compose.confirm,
        name="broadcast_confirm",
    ),
    path("<slug:project_slug>/broadcasts/<int:broadcast_id>/send/", compose.send, name="broadcast_send"),
    path("<slug:project_slug>/broadcasts/<int:broadcast_id>/star/", broadcasts.star, name="broadcast_star"),
    path(
        "<slug:project_slug>/broadcasts/<int:broadcast_id>/messages/",
        broadcast.message_rows,
        name="broadcast_messages",
    ),
    path(
        "<slug:project_slug>/broadcasts/<int:broadcast_id>/not-sent/",
        broadcast.suppressions,
        name="broadcast_suppressions",
    ),
    path("<slug:project_slug>/broadcasts/<int:broadcast_id>/pause/", broadcast.pause, name="broadcast_pause"),
    path(
        "<slug:project_slug>/broadcasts/<int:broadcast_id>/resume/", broadcast.resume, name="broadcast_resume"
    ),
    path(
        "<slug:project_slug>/broadcasts/<int:broadcast_id>/cancel/", broadcast.cancel, name="broadcast_cancel"
    ),
    path("<slug:project_slug>/broadcasts/<int:broadcast_id>/retry/", broadcast.retry, name="broadcast_retry"),
    path("<slug:project_slug>/messages/<int:message_id>/", messages.detail, name="message"),
    path("<slug:project_slug>/messages/<int:message_id>/retry/", messages.retry, name="message_retry"),
    path("<slug:project_slug>/devices/", devices.device_list, name="devices"),
    path("<slug:project_slug>/devices/<int:device_id>/", device.detail, name="device"),
    path("<slug:project_slug>/devices/<int:device_id>/test/", device.send_test, name="device_test"),
    path("<slug:project_slug>/devices/<int:device_id>/off/", device.switch_off, name="device_off"),
    path("<slug:project_slug>/devices/<int:device_id>/on/", device.switch_on, name="device_on"),
    path("<slug:project_slug>/import/", imports.import_list, name="import"),
    path("<slug:project_slug>/import/upload/", imports.upload, name="import_upload"),
    path("<slug:project_slug>/import/<int:import_id>/", device_import.detail, name="import_detail"),
    path("<slug:project_slug>/import/<int:import_id>/start/", device_import.start, name="import_start"),
    path("<slug:project_slug>/import/<int:import_id>/cancel/", device_import.cancel, name="import_cancel"),
    path("<slug:project_slug>/import/<int:import_id>/rejects/", device_import.rejects, name="import_rejects"),
    path("<slug:project_slug>/providers/", providers.credential_list, name="providers"),
    path("<slug:project_slug>/providers/<slug:provider>/", providers.save, name="provider_save"),
    path("<slug:project_slug>/providers/<slug:provider>/resume/", providers.resume, name="provider_resume"),
    path("<slug:project_slug>/providers/<slug:provider>/pause/", providers.pause, name="provider_pause"),
]
