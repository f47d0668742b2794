"""Wrong keys: one that suits nobody pauses the credential, one that does not suit one device fails its copy."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifications import clock
from notifications.actions import credentials
from notifications.models import Credential, Device, Message, MessageState, Project, Reason
from notifications.pipeline import receipts
from tests.fakes.asking import on_send
from tests.fakes.faults import Kind, Match
from tests.fakes.process import FakeExpo
from tests.notifications.rows import ACTOR, HOUR, queue_messages
from tests.notifications.stepping import send_step

ODD, WRONG = "MismatchSenderId", "InvalidCredentials"
KINDS = [Kind.TICKET_ERROR, Kind.RECEIPT_ERROR]


def carry_out() -> None:
    """Send what is due, and ask for the receipts half an hour later."""
    send_step()
    clock.turn(timedelta(minutes=30))
    receipts.step()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", [ODD, WRONG])
def test_where_it_suits_nobody_the_credential_pauses(
    expo: FakeExpo, project: Project, kind: Kind, code: str
) -> None:
    expo.faults(on_send(kind, code=code))
    queue_messages(project, 3)
    carry_out()
    assert Credential.objects.get().paused_reason.startswith(code)
    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.QUEUED}
    assert Device.objects.filter(is_active=True).count() == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_is_revoked_pauses_it_even_where_others_arrived(
    expo: FakeExpo, project: Project, kind: Kind
) -> None:
    first, *_ = queue_messages(project, 3)
    assert first.device is not None
    expo.faults(on_send(kind, Match(endpoint="send", token=first.device.push_token), code=WRONG))
    carry_out()
    first.refresh_from_db()
    assert first.state == MessageState.QUEUED
    assert Credential.objects.get().paused_reason.startswith(WRONG)


@pytest.mark.parametrize("kind", KINDS)
class TestOneOfAHundred:
    @pytest.fixture
    def odd(self, expo: FakeExpo, project: Project, kind: Kind) -> Message:
        """The copy to the one device of another Firebase project, after all hundred were answered."""
        message = queue_messages(project, 100)[57]
        assert message.device is not None
        expo.faults(on_send(kind, Match(endpoint="send", token=message.device.push_token), code=ODD))
        carry_out()
        message.refresh_from_db()
        return message

    def test_that_copy_alone_fails(self, odd: Message) -> None:
        assert (odd.state, odd.reason, odd.code) == (MessageState.FAILED, Reason.REJECTED, ODD)
        assert Message.objects.filter(state=MessageState.DELIVERED).count() == 99

    def test_no_device_is_retired(self, odd: Message) -> None:
        assert Device.objects.filter(is_active=True).count() == 100

    def test_a_receipt_that_says_so_pauses_the_credential(self, odd: Message, kind: Kind) -> None:
        is_paused = Credential.objects.get().paused_reason.startswith(ODD)
        assert is_paused == (kind == Kind.RECEIPT_ERROR)

    def test_it_is_not_sent_again(self, odd: Message, expo: FakeExpo) -> None:
        clock.turn(HOUR)
        send_step()
        assert expo.stats("send").requests == 1


class TestResumedAllTheSame:
    """The operator lives with some devices of another Firebase project."""

    @pytest.fixture(autouse=True)
    def _resumed(self, expo: FakeExpo, project: Project) -> None:
        self.send_with_an_odd_one(expo, project)
        credentials.resume(ACTOR, Credential.objects.get())

    def send_with_an_odd_one(self, expo: FakeExpo, project: Project) -> None:
        odd, *_ = queue_messages(project, 3)
        assert odd.device is not None
        expo.faults(
            on_send(Kind.RECEIPT_ERROR, Match(endpoint="send", token=odd.device.push_token), code=ODD)
        )
        carry_out()

    def test_it_does_not_pause_for_it_again(self, expo: FakeExpo, project: Project) -> None:
        self.send_with_an_odd_one(expo, project)
        assert Credential.objects.get().paused_reason == ""

    def test_it_does_where_nobody_is_reached_any_more(self, expo: FakeExpo, project: Project) -> None:
        expo.faults(on_send(Kind.RECEIPT_ERROR, code=ODD))
        queue_messages(project, 3)
        carry_out()
        assert Credential.objects.get().paused_reason.startswith(ODD)

    def test_it_does_for_another_key(self, expo: FakeExpo, project: Project) -> None:
        credentials.set_secrets(ACTOR, Credential.objects.get(), {"access_token": "another"})
        self.send_with_an_odd_one(expo, project)
        assert Credential.objects.get().paused_reason.startswith(ODD)
