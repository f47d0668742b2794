"""Settings of a project of django-notifications-hq: its app, and a database as Carillon's is set up.

Its Django knows none of the options for SQLite: people.py says the same to it in another way.
"""

from __future__ import annotations

import os

from tests.bench.django_database import database

SECRET_KEY = "of the bench"
DEBUG = False
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "notifications"]
DATABASES = {"default": database(os.environ["DATABASE_URL"], {})}
