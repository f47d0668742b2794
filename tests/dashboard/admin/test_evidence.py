"""Tickets and receipts in the administration: columns, links, read-only, and asking for receipts by hand."""

from __future__ import annotations

import pytest
from django.test import Client

from dashboard.admin.links import list_of
from notifications.models import Batch, Message, Project, Receipt, Ticket
from notifications.pipeline import receipts
from tests.dashboard.admin.staff import act, audited, staff_with, told
from tests.dashboard.copies import answer
from tests.factories import make_device, make_message
from tests.fakes.process import FakeExpo
from tests.notifications.rows import queue_message
from tests.notifications.stepping import send_step

CHECK = "check_selected_tickets"


@pytest.fixture
def ticket(expo: FakeExpo, project: Project) -> Ticket:
    """A message that the vendor has just accepted."""
    queue_message(project)
    send_step()
    return Ticket.objects.get()


def make_ticket(project: Project, *given: str, **more: str) -> Ticket:
    """A message with an answer."""
    return answer(make_message(make_device(project)), *given, **more)


class TestTickets:
    def test_a_list_shows_what_was_answered(self, signed_in: Client, project: Project) -> None:
        ticket = make_ticket(project, "gone", "DeviceNotRegistered")
        page = signed_in.get(list_of(Ticket)).content.decode()
        for word in (f"Ticket #{ticket.pk}", "gone", "DeviceNotRegistered", 'alt="False"'):
            assert word in page

    def test_it_leads_to_the_message_and_to_the_receipts(self, signed_in: Client, project: Project) -> None:
        ticket = make_ticket(project, receipt="")
        page = signed_in.get(list_of(Ticket)).content.decode()
        assert f'<a href="/admin/notifications/message/{ticket.message_id}/change/">' in page
        assert f'<a href="/admin/notifications/receipt/?ticket__id__exact={ticket.pk}">1 receipt</a>' in page

    def test_one_is_found_by_its_id_at_the_provider(self, signed_in: Client, project: Project) -> None:
        found, _ = make_ticket(project), make_ticket(project)
        page = signed_in.get(list_of(Ticket), {"q": found.external_id})
        assert list(page.context["cl"].result_list) == [found]


class TestCheck:
    def test_selected_tickets_are_checked_without_delay(self, signed_in: Client, ticket: Ticket) -> None:
        assert receipts.step().messages == 0
        act(signed_in, Ticket, CHECK, ticket)
        assert receipts.step().messages == 1
        assert Receipt.objects.get().is_success
        assert Message.objects.get().state == "delivered"

    def test_it_only_schedules(self, signed_in: Client, ticket: Ticket) -> None:
        act(signed_in, Ticket, CHECK, ticket)
        assert not Receipt.objects.exists()

    def test_it_tells_how_many_will_be_checked(self, signed_in: Client, ticket: Ticket) -> None:
        assert told(act(signed_in, Ticket, CHECK, ticket)) == ["1 ticket receipt(s) will be checked."]

    def test_a_ticket_may_be_checked_again(self, signed_in: Client, ticket: Ticket) -> None:
        for times in (1, 2):
            act(signed_in, Ticket, CHECK, ticket)
            receipts.step()
            assert Receipt.objects.count() == times

    def test_one_without_an_id_stays(self, signed_in: Client, project: Project) -> None:
        ticket = make_ticket(project, "gone", "DeviceNotRegistered")
        assert told(act(signed_in, Ticket, CHECK, ticket)) == [
            "1 ticket(s) stay as they are: the provider gave them no id to ask with."
        ]

    def test_it_is_audited(self, signed_in: Client, ticket: Ticket) -> None:
        act(signed_in, Ticket, CHECK, ticket)
        project = f"project:{ticket.message.project_id}"
        assert audited("tickets.check") == [("operator", project, {"tickets": 1})]

    def test_who_may_only_look_checks_nothing(self, ticket: Ticket) -> None:
        act(staff_with("view_ticket"), Ticket, CHECK, ticket)
        assert receipts.step().messages == 0

    def test_who_may_change_tickets_checks(self, ticket: Ticket) -> None:
        act(staff_with("change_ticket"), Ticket, CHECK, ticket)
        assert receipts.step().messages == 1


class TestReceipts:
    def test_a_list_shows_what_became_of_it(self, signed_in: Client, project: Project) -> None:
        ticket = make_ticket(project, receipt="MessageTooBig")
        page = signed_in.get(list_of(Receipt)).content.decode()
        assert "MessageTooBig" in page
        assert f'<a href="/admin/notifications/ticket/{ticket.pk}/change/">' in page


@pytest.mark.parametrize("model", [Batch, Ticket, Receipt], ids=lambda model: model.__name__)
class TestEvidence:
    def test_nobody_makes_any(self, signed_in: Client, model: type) -> None:
        assert signed_in.get(f"{list_of(model)}add/").status_code == 403

    def test_nobody_changes_or_deletes_any(self, signed_in: Client, project: Project, model: type) -> None:
        make_ticket(project, receipt="")
        address = f"{list_of(model)}{model.objects.get().pk}"
        assert 'type="submit"' not in signed_in.get(f"{address}/change/").content.decode().split("<h1")[1]
        assert signed_in.post(f"{address}/change/", {"is_success": ""}).status_code == 403
        assert signed_in.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
        assert model.objects.count() == 1
