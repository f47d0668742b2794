"""Settings of the peer's project: its app, and a database as Carillon's is set up, so that only the code differs."""

from __future__ import annotations

import os

from tests.bench.django_database import database

SECRET_KEY = "of the bench"
DEBUG = False
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "expo_notifications"]


DATABASES = {"default": database(os.environ["DATABASE_URL"])}
