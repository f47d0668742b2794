"""`manage.py demo`: an operator, and a small project whose people live in the sandbox."""

from __future__ import annotations

import os
import random
import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from notifications.actions import broadcasts
from notifications.actions.audit import Actor
from notifications.actions.devices import import_rows
from notifications.actions.drafts import Draft
from notifications.importing.device_rows import DeviceRow
from notifications.models import Broadcast, Project

OPERATOR = "operator"
PEOPLE = 400
# fmt: off
FIRST_NAMES = [
    "Aiko", "Amara", "Bruno", "Chidi", "Clara", "Daniel", "Elif", "Farah", "Gael", "Hana", "Ines", "Jonas",
    "Kofi", "Lena", "Maya", "Noor", "Oskar", "Priya", "Ravi", "Sofia", "Tomasz", "Uma", "Viktor", "Wanjiru",
    "Yara", "Zoe",
]
# fmt: on
# fmt: off
LAST_NAMES = [
    "Adeyemi", "Brandt", "Costa", "Dubois", "Eriksen", "Fischer", "Gupta", "Haddad", "Ito", "Jansen",
    "Kaya", "Lindqvist", "Moreau", "Novak", "Okafor", "Petrov", "Quispe", "Reyes", "Silva", "Tanaka",
    "Ueda", "Varga", "Wieczorek", "Yilmaz", "Zhang",
]
# fmt: on
PLACES = [
    ("en", "Europe/London"),
    ("de", "Europe/Berlin"),
    ("sv", "Europe/Stockholm"),
    ("pt-BR", "America/Sao_Paulo"),
    ("ja", "Asia/Tokyo"),
]
MISFORTUNES = [
    "DeviceNotRegistered",
    "receipt-DeviceNotRegistered",
    "receipt-MessageTooBig",
    "receipt-ProviderError",
]
ACTOR = Actor("demo")


class Command(BaseCommand):
    """Make the operator and the demo project; twice does no harm."""

    help = "Make the first operator and, in the sandbox, a demo project."

    def add_arguments(self, parser: CommandParser) -> None:
        """When to do nothing."""
        parser.add_argument("--if-empty", action="store_true", help="do nothing where somebody works already")

    def handle(self, *args: Any, if_empty: bool, **options: Any) -> None:
        """Make what is missing."""
        if if_empty and get_user_model().objects.filter(is_superuser=True).exists():
            return
        with transaction.atomic():
            # Together, and told afterwards: an operator without the project would pass for work that is done already.
            welcome = _operator()
            if settings.CARILLON_SANDBOX and not Project.objects.filter(slug="demo").exists():
                _project()
        if welcome:
            self.stdout.write(welcome)
        if not settings.CARILLON_SANDBOX:
            self.stdout.write("No demo project: its devices live in the sandbox (CARILLON_SANDBOX=1).")


def _operator() -> str:
    """Make the operator. Returns the name and the password, to be told once; a given password is not told."""
    if get_user_model().objects.filter(username=OPERATOR).exists():
        return ""
    given = os.environ.get("CARILLON_OPERATOR_PASSWORD", "")
    password = given or secrets.token_urlsafe(9)
    get_user_model().objects.create_superuser(OPERATOR, password=password)
    return f"\n  Sign in as:  {OPERATOR}\n  Password:    {'(CARILLON_OPERATOR_PASSWORD)' if given else password}\n"


def _project() -> None:
    project = Project.objects.create(
        name="Moneypools demo", slug="demo", website="https://moneypools.example"
    )
    import_rows(ACTOR, project, _people())
    first = broadcasts.compose(ACTOR, project, WELCOME)
    broadcasts.start(ACTOR, Broadcast.objects.get(pk=first["broadcast"]))
    broadcasts.compose(ACTOR, project, REMINDER)


def _people() -> list[DeviceRow]:
    """The same people every time: names, places and one or two phones each, a few with bad luck."""
    chance = random.Random(20)  # noqa: S311 (a demo, not a secret)
    rows = []
    for number in range(PEOPLE):
        name = f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"
        language, zone = chance.choice(PLACES)
        for phone in range(chance.choice([1, 1, 1, 2])):
            luck = f"{chance.choice(MISFORTUNES)}-" if chance.random() < 0.04 else ""
            rows.append(
                DeviceRow(
                    line=0,
                    uid=f"member-{number:04}",
                    email=f"member{number:04}@moneypools.example",
                    name=name,
                    token=f"ExponentPushToken[sandbox-{luck}{number:04}-{phone}-{chance.getrandbits(40):010x}]",
                    language=language,
                    timezone=zone,
                    tags=tuple(chance.sample(["saver", "organiser", "beta", "weekly"], chance.randint(0, 2))),
                )
            )
    return rows


WELCOME = Draft(
    title="Your pool reached its goal",
    body="The summer trip pool is full. Open it to see who chipped in and choose what happens next.",
    link="https://moneypools.example/pools/summer",
)
REMINDER = Draft(
    title="Two days left to chip in",
    body="The office coffee pool closes on Friday. Every little helps.",
    link="https://moneypools.example/pools/coffee",
)
