"""`manage.py check_invariants`: asks the rows whether everything that must be true is true."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from notifications.invariants import INVARIANTS, check


class Command(BaseCommand):
    """Exit with 1 and name rows when an invariant does not hold."""

    help = "Check every invariant of the machine against the rows."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run all checks."""
        broken = check()
        for invariant, names in broken:
            self.stdout.write(f"BROKEN {invariant.number}: {invariant.says}: {', '.join(names)}")
        if broken:
            raise CommandError(f"{len(broken)} of {len(INVARIANTS)} invariants do not hold.")
        self.stdout.write(f"All {len(INVARIANTS)} invariants hold.")
