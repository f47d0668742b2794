"""Addresses: includes only."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from config import health
from dashboard.views.login import login

# One door for operators: the admin's own would know no throttle and leave no audit entry.
admin.site.login = login  # type: ignore[method-assign]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="dashboard:home"), name="home"),
    path("dashboard/", include("dashboard.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
]
if settings.CARILLON_SANDBOX:
    urlpatterns.append(path("sandbox/expo/", include("config.sandbox.urls")))
