"""Every thread goes back to work after a rest, though nobody rings for it."""

from __future__ import annotations

from notifications.models import Batch
from tests.fakes.faults import Action, Kind, Match, Rule
from tests.faults.sending import limit_batches, make_devices, start_broadcast, write_out
from tests.faults.servers import until

THREADS = 4
BUSY = Rule(
    match=Match(endpoint="send", until=THREADS), action=Action(kind=Kind.ANSWER, status=429, retry_after="1")
)
SLOW = Rule(match=Match(endpoint="send"), action=Action(kind=Kind.DELAY, delay_after=0.5))


def test_all_of_them_send_again_after_a_pause_that_the_provider_asked_for(installation, project, expo):
    expo.faults(BUSY, SLOW)
    make_devices(project, 400)
    start_broadcast(project)
    write_out()
    limit_batches(10)
    installation.worker(CARILLON_WORKERS=THREADS)
    under_way = Batch.objects.filter(finished_at=None, started_at__isnull=False)
    until(lambda: expo.stats().requests > THREADS and under_way.count() == THREADS, "all threads send", 20)
