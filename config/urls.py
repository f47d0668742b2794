"""Addresses: includes only."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="dashboard:home"), name="home"),
    path("dashboard/", include("dashboard.urls")),
    path("admin/", admin.site.urls),
]
if settings.CARILLON_SANDBOX:
    urlpatterns.append(path("sandbox/expo/", include("config.sandbox.urls")))
