"""Keys at the providers: replaced, paused, resumed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from notifications import clock
from notifications.actions import credentials
from notifications.actions.audit import Refused
from notifications.models import Credential, Project
from tests.factories import make_credential
from tests.notifications.rows import ACTOR


def reloaded() -> Credential:
    return Credential.objects.get()


class TestSet:
    def test_what_was_set_is_used(self, project: Project) -> None:
        credentials.set_secrets(ACTOR, make_credential(project), {"access_token": "new"})
        assert reloaded().access().secrets["access_token"] == "new"

    def test_the_database_holds_no_plain_text(self, project: Project) -> None:
        credentials.set_secrets(ACTOR, make_credential(project), {"access_token": "hush-hush-9"})
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM notifications_credential")
            columns = [str(cell) for row in cursor.fetchall() for cell in row]
        assert columns
        assert not [cell for cell in columns if "hush-hush-9" in cell or "access_token" in cell]

    def test_an_empty_one_is_taken_away(self, project: Project) -> None:
        credential = make_credential(project)
        credentials.set_secrets(ACTOR, credential, {"access_token": "old"})
        assert credentials.set_secrets(ACTOR, credential, {"access_token": ""}) == {"fields": []}
        assert "access_token" not in reloaded().access().secrets

    def test_it_sends_again_from_then_on(self, project: Project) -> None:
        paused = make_credential(
            project,
            paused_reason="UNAUTHORIZED: no",
            paused_at=clock.now(),
        )
        credentials.set_secrets(ACTOR, paused, {"access_token": "new"})
        credential = reloaded()
        assert credential.is_open(clock.now())
        assert credential.paused_at is None

    def test_a_provider_that_asked_for_patience_is_still_left_alone(self, project: Project) -> None:
        later = clock.now() + timedelta(hours=1)
        paused = make_credential(project, paused_reason="UNAUTHORIZED: no", not_before=later, failures=9)
        credentials.set_secrets(ACTOR, paused, {"access_token": "new"})
        assert (reloaded().not_before, reloaded().failures) == (later, 9)

    def test_a_pause_by_hand_stands(self, project: Project) -> None:
        credential = make_credential(project)
        credentials.pause(ACTOR, credential)
        facts = credentials.set_secrets(ACTOR, credential, {"access_token": "new"})
        assert facts == {"fields": ["access_token"], "paused": "Paused by engine tests"}
        assert reloaded().paused_reason == "Paused by engine tests"
        assert reloaded().paused_at is not None


class TestPause:
    def test_it_says_who_and_since_when(self, project: Project) -> None:
        credentials.pause(ACTOR, make_credential(project))
        credential = reloaded()
        assert credential.paused_reason == "Paused by engine tests"
        assert credential.paused_at is not None

    def test_a_reason_that_stands_is_not_written_over(self, project: Project) -> None:
        credential = make_credential(project, paused_reason="UNAUTHORIZED: no")
        with pytest.raises(Refused, match="paused already"):
            credentials.pause(ACTOR, credential)
        assert reloaded().paused_reason == "UNAUTHORIZED: no"


class TestResume:
    def test_it_says_what_it_was_paused_for(self, project: Project) -> None:
        credential = make_credential(project, paused_reason="UNAUTHORIZED: no")
        assert credentials.resume(ACTOR, credential) == {"was": "UNAUTHORIZED: no"}
        assert reloaded().paused_reason == ""

    def test_what_is_not_paused_cannot_be_resumed(self, project: Project) -> None:
        waits = make_credential(project, not_before=clock.now() + timedelta(hours=1))
        with pytest.raises(Refused):
            credentials.resume(ACTOR, waits)
        assert reloaded().not_before is not None

    def test_the_key_stays(self, project: Project) -> None:
        credential = make_credential(project)
        credentials.set_secrets(ACTOR, credential, {"access_token": "kept"})
        credentials.pause(ACTOR, credential)
        credentials.resume(ACTOR, credential)
        assert reloaded().access().secrets["access_token"] == "kept"
