"""The administration: every row of the server, for staff.

It knows no project: who may do what here is said by Django's permissions (a superuser has all), and whoever may look at
a model sees its rows of all projects. The roles of a project open the dashboard, and nothing here.
"""

from __future__ import annotations

from dashboard.admin import (  # noqa: F401 (importing registers them)
    accounts,
    audit_log,
    broadcasts,
    devices,
    evidence,
    messages,
    people,
    preferences,
    projects,
)
