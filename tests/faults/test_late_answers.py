"""Processes frozen for longer than their lease, which then go on as if nothing had happened: they change nothing."""

from __future__ import annotations

from django.db.models import Model

from notifications.models import Batch, Credential, Device, Message, MessageState, Project, Receipt, Ticket
from tests.fakes.faults import Action, Kind, Match, Rule
from tests.faults.accounting import balance
from tests.faults.databases import nobody_writes
from tests.faults.sending import all_is_settled, limit_batches, make_devices, start_broadcast, write_out
from tests.faults.servers import until

PROCESSES = 4
THREADS = 5
"""Fewer than Expo's connections, and a project for each process: all of them are in a call at the same time."""
SMALL_BATCH = 2
TIMES = {"CARILLON_CALL_DEADLINE": "4", "CARILLON_LEASE": "7"}
LATE = 2.0
"""Seconds until the fake answers: within the deadline of somebody who is awake."""


def late(endpoint: str) -> Rule:
    """Take it over at once, answer late."""
    return Rule(match=Match(endpoint=endpoint), action=Action(kind=Kind.DELAY, delay_after=LATE))


def everything() -> dict[str, list[dict]]:
    """Every row that an answer could change."""
    models: list[type[Model]] = [Message, Ticket, Receipt, Batch, Device, Credential]
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def start_broadcasts():
    """Twice as many batches as there are threads: some stay for those who are awake."""
    for number in range(PROCESSES):
        project = Project.objects.create(name=f"Project {number}", slug=f"project-{number}")
        make_devices(project, 2 * THREADS * SMALL_BATCH, project.slug)
        start_broadcast(project)
    write_out()
    limit_batches(SMALL_BATCH)


def calls_of(expo, token):
    return sum(call.headers.get("authorization") == f"Bearer {token}" for call in expo.calls())


def freeze(installation, process):
    """Freeze a process, but not in the middle of a transaction: the others could not write until it went on."""
    process.freeze()
    while not nobody_writes(installation.folder):
        process.thaw()
        process.freeze()


def freeze_in_calls(installation, expo, name):
    """Start a worker, and freeze it when each of its threads is in a call."""
    process = installation.worker(name, CARILLON_WORKERS=THREADS, EXPO_NOTIFICATIONS_TOKEN=name)
    until(lambda: calls_of(expo, name) >= THREADS, f"all threads of {name} are in a call")
    freeze(installation, process)
    return process


def settle_with_a_healthy_worker(installation):
    """Let another worker bring everything to its end, and stop it."""
    healthy = installation.worker("healthy")
    until(all_is_settled, "every message has its last word", 60, each=0.1)
    assert healthy.stop() == 0


def test_it_changes_nothing_when_a_late_worker_saves_its_answers(installation, expo, say):
    installation.environment |= TIMES
    expo.faults(late("send"))
    start_broadcasts()
    frozen = [freeze_in_calls(installation, expo, f"frozen-{number}") for number in range(PROCESSES)]
    expo.faults()
    settle_with_a_healthy_worker(installation)

    before = everything()
    outlived = Batch.objects.filter(outcome="lost").count()
    for process in frozen:
        process.thaw()
    assert [process.stop() for process in frozen] == [0] * PROCESSES
    say(f"outlived_leases={outlived} of {PROCESSES * THREADS}, {balance(expo.history()).summary()}")
    assert everything() == before
    assert outlived > PROCESSES
    assert installation.check_invariants() == ""


def test_it_changes_nothing_when_a_late_worker_saves_its_receipts(installation, expo, project):
    installation.environment |= TIMES
    expo.faults(late("receipts"))
    make_devices(project, 10)
    start_broadcast(project)
    frozen = installation.worker("frozen", CARILLON_WORKERS=1)
    until(lambda: expo.stats("receipts").requests, "somebody asks for receipts")
    freeze(installation, frozen)
    expo.faults()
    settle_with_a_healthy_worker(installation)

    before = everything()
    frozen.thaw()
    assert frozen.stop() == 0
    assert everything() == before
    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.DELIVERED}
    assert installation.check_invariants() == ""
