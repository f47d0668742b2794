"""Identity: a uid means one account in a project, and may mean another one elsewhere."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from notifications.models import Identity, Project
from tests.factories import make_account


def test_a_uid_means_one_account(project: Project) -> None:
    user = make_account(project, "ada")
    with pytest.raises(IntegrityError):
        Identity.objects.create(project=project, uid="ada", user=user)


def test_in_another_project_it_may_mean_somebody_else(project: Project, other_project: Project) -> None:
    assert make_account(project, "ada") != make_account(other_project, "ada")
