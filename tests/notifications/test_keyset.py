"""Pages by key: newest first, and no page lost or doubled on the way there and back."""

from __future__ import annotations

from notifications.models import Device, Project
from notifications.queries.keyset import Page, keyset_page
from tests.notifications.rows import make_devices


def page(project: Project, size: int = 2, **place: int | None) -> Page[Device]:
    return keyset_page(Device.objects.filter(project=project), size, **place)


def ids(found: Page[Device]) -> list[int]:
    return [row.pk for row in found.rows]


def test_a_list_without_rows_has_one_empty_page(project: Project) -> None:
    assert page(project) == Page(rows=[], newer=None, older=None)


def test_a_list_that_fits_has_no_neighbours(project: Project) -> None:
    make_devices(project, 2)
    found = page(project)
    assert (len(found.rows), found.newer, found.older) == (2, None, None)


def test_each_row_is_seen_once_on_the_way_down(project: Project) -> None:
    expected = [device.pk for device in make_devices(project, 5)][::-1]
    seen, found = [], page(project)
    while True:
        seen += ids(found)
        if found.older is None:
            break
        found = page(project, before=found.older)
    assert seen == expected


def test_the_way_back_shows_the_same_pages(project: Project) -> None:
    make_devices(project, 6)
    first = page(project)
    second = page(project, before=first.older)
    third = page(project, before=second.older)
    assert ids(page(project, after=third.newer)) == ids(second)


def test_a_place_that_is_gone_is_the_first_page(project: Project) -> None:
    oldest = make_devices(project, 3)[0].pk
    assert ids(page(project, before=oldest)) == ids(page(project))


def test_too_few_newer_ones_are_the_first_page(project: Project) -> None:
    devices = make_devices(project, 3)
    assert ids(page(project, after=devices[1].pk)) == ids(page(project))
