"""Workers are killed again and again while they take a file in: every line is in once, or rejected once."""

from __future__ import annotations

from notifications.importing.taking_in import CHUNK
from notifications.models import Device, DeviceImport, Identity, ImportReject, ImportState, ImportToken
from tests.faults.servers import until
from tests.faults.victims import Victim
from tests.notifications.uploads import line_of, lines_of, make_import

PARTS, KILLS = 12, 4


def read():
    """Lines that are taken in by now."""
    return DeviceImport.objects.get().lines_read


def test_every_line_ends_once_as_a_row_or_as_a_reject(project, installation, expo):
    twice = line_of("eve", "ExponentPushToken[p0]")
    good = lines_of(PARTS * CHUNK)
    done = make_import(project, [*good, "x,,,no-token,,,,", twice])
    victim = Victim(installation, expo, "worker", "worker")
    for _ in range(KILLS):
        before = read()
        until(lambda before=before: read() > before, "it takes a part in")
        victim.kill_and_restart()
    assert read() < done.lines, "All was in before the last kill."
    until(lambda: DeviceImport.objects.get().state == ImportState.DONE, "it is through", 60, each=0.1)
    done.refresh_from_db()
    assert Device.objects.count() == Identity.objects.count() == len(good)
    assert done.counts == {"people": len(good), "added": len(good)}
    assert list(ImportReject.objects.order_by("line").values_list("line", flat=True)) == [
        len(good) + 2,
        len(good) + 3,
    ]
    assert (done.lines_read, done.rejected, ImportToken.objects.count()) == (done.lines, 2, 0)
    assert installation.check_invariants() == ""
