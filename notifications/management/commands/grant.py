"""`manage.py grant NAME ROLE`: puts an account on a project's team, changes its role, or takes it off."""

from __future__ import annotations

import os
from getpass import getpass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from notifications.actions import members
from notifications.actions.audit import Actor, Refused
from notifications.models import Project, Role

NONE = "none"
ACTOR = Actor("grant")
PASSWORD = "CARILLON_OPERATOR_PASSWORD"  # noqa: S105 (the name of a variable)


class Command(BaseCommand):
    """Say who may do what in a project."""

    help = "Give an account a role in a project, change it, or take it away (none)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, what, and where."""
        parser.add_argument("name", help="the name that the account signs in with")
        parser.add_argument(
            "role",
            choices=[*(role.value for role in Role), NONE],
            metavar="role",
            help=", ".join(Role) + f", or {NONE}",
        )
        parser.add_argument("--project", help="slug of the project (the default project otherwise)")
        parser.add_argument(
            "--create",
            action="store_true",
            help=f"make the account; its password is asked for, or in {PASSWORD}",
        )

    def handle(
        self, *args: Any, name: str, role: str, project: str | None, create: bool, **options: Any
    ) -> None:
        """Do it, and say how things are now."""
        where = _project(project)
        if create and role == NONE:
            raise CommandError("--create makes an account to give it a role: none is no role.")
        password = _new_password(name) if create else ""
        with transaction.atomic():
            user = get_user_model().objects.create_user(name, password=password) if create else _account(name)
            _change(where, user, role)
        told = f"has no role in {where} any more" if role == NONE else f"is {role} of {where}"
        self.stdout.write(f"{user.get_username()} {told}.")
        if user.is_superuser:
            self.stdout.write("It is a superuser, who may do everything in every project whatever its role.")
        if role != NONE and not user.has_usable_password():
            self.stdout.write(
                f"It has no password yet, so nobody can sign in with it: manage.py changepassword {user.get_username()}"
            )


def _change(project: Project, user: User, role: str) -> None:
    try:
        if role == NONE:
            members.remove(ACTOR, project, user)
        else:
            members.grant(ACTOR, project, user, Role(role))
    except Refused as refusal:
        raise CommandError(str(refusal)) from None


def _project(slug: str | None) -> Project:
    if slug is None:
        return Project.objects.default()
    found = Project.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Project.objects.order_by("slug").values_list("slug", flat=True))
        raise CommandError(f"There is no project {slug!r}. There are: {known}.")
    return found


def _account(name: str) -> User:
    user = get_user_model().objects.filter(username=name).first()
    if user is None:
        raise CommandError(
            f"There is no account {name!r}. Check the name, or make the account with --create."
        )
    return user


def _new_password(name: str) -> str:
    """The password for a new account of this name. Raises CommandError for a name or password that will not do."""
    user = get_user_model()(username=get_user_model().normalize_username(name))
    if get_user_model().objects.filter(username=user.username).exists():
        raise CommandError(f"The account {name!r} is there already. Leave out --create.")
    try:
        user.clean_fields(exclude=["password"])
        password = os.environ.get(PASSWORD) or _asked(name)
        validate_password(password, user)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    return password


def _asked(name: str) -> str:
    try:
        password = getpass(f"Password for {name}: ")
        if getpass("The same again: ") == password:
            return password
    except (EOFError, KeyboardInterrupt):
        raise CommandError(f"No password was given. Type one, or set {PASSWORD}.") from None
    raise CommandError("The two passwords are not the same. Run the command again.")
