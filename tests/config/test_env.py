"""Readers of the environment: a wrong value is told with what to type, and the default serves meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from config import env

NAME = "CARILLON_TEST_VARIABLE"
Set = Callable[[str], None]


@pytest.fixture(autouse=True)
def _own_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "problems", [])


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Sets the variable."""
    return lambda value: monkeypatch.setenv(NAME, value)


def wanted() -> list[str]:
    """What people are told to type."""
    assert all(name.startswith(NAME) for name, _, _ in env.problems)
    return [words for _, _, words in env.problems]


class TestText:
    def test_it_is_taken_without_spaces_around(self, given: Set) -> None:
        given("  hello ")
        assert env.text(NAME) == "hello"

    def test_the_default_serves_where_nothing_is_set(self) -> None:
        assert env.text(NAME, "default") == "default"

    def test_it_may_stand_in_a_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "secret").write_text("from the file\n")
        monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
        assert env.text(NAME) == "from the file"

    def test_the_variable_goes_before_the_file(
        self, given: Set, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "secret").write_text("from the file")
        monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
        given("from the variable")
        assert env.text(NAME) == "from the variable"

    def test_a_file_that_is_not_there_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(f"{NAME}_FILE", "/nowhere/at/all")
        assert env.text(NAME, "default") == "default"
        assert wanted() == ["the path of a readable file (No such file or directory)"]

    def test_a_file_that_is_no_text_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "secret").write_bytes(b"\xff\xfe\x00")
        monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
        env.text(NAME)
        assert wanted() == ["the path of a readable file (it is not text)"]


class TestUrl:
    def test_a_slash_at_its_end_does_not_count(self, given: Set) -> None:
        given("https://bells.example/")
        assert env.url(NAME, "http", "https") == "https://bells.example"

    @pytest.mark.parametrize("value", ["bells.example", "ftp://bells.example", "https:/bells.example"])
    def test_another_scheme_is_told(self, given: Set, value: str) -> None:
        given(value)
        assert env.url(NAME, "http", "https") == ""
        assert wanted() == ["http://… or https://…"]

    def test_a_password_in_it_is_not_repeated(self, given: Set) -> None:
        given("mysql://root:hush@db.example/x")
        env.url(NAME, "postgres")
        assert "hush" not in str(env.problems)


class TestFlag:
    @pytest.mark.parametrize(
        ("value", "read"),
        [("1", True), ("yes", True), ("ON", True), ("0", False), ("No", False), ("", False)],
    )
    def test_a_yes_or_a_no(self, given: Set, value: str, read: bool) -> None:
        given(value)
        assert env.flag(NAME) is read
        assert wanted() == []

    def test_the_default_serves_where_nothing_is_set(self) -> None:
        assert env.flag(NAME, default=True)

    def test_anything_else_is_told_and_means_no(self, given: Set) -> None:
        given("maybe")
        assert not env.flag(NAME, default=True)
        assert wanted() == ["1 or 0"]


class TestChoice:
    def test_one_of_the_words_in_any_case(self, given: Set) -> None:
        given("debug")
        assert env.choice(NAME, "INFO", "DEBUG") == "DEBUG"

    @pytest.mark.parametrize("value", ["", None])
    def test_the_first_serves_where_nothing_is_set(self, given: Set, value: str | None) -> None:
        if value is not None:
            given(value)
        assert env.choice(NAME, "INFO", "DEBUG") == "INFO"
        assert wanted() == []

    def test_another_word_is_told(self, given: Set) -> None:
        given("loud")
        assert env.choice(NAME, "INFO", "DEBUG") == "INFO"
        assert wanted() == ["one of INFO, DEBUG"]


class TestNumber:
    @pytest.mark.parametrize(("value", "read"), [("2.5", 2.5), ("0", 0.0), ("", 7.0), ("1e3", 1000.0)])
    def test_it_is_read(self, given: Set, value: str, read: float) -> None:
        given(value)
        assert env.number(NAME, 7) == read

    @pytest.mark.parametrize("value", ["many", "-1", "nan", "inf", "1e300", "1,5"])
    def test_what_is_no_number_is_told(self, given: Set, value: str) -> None:
        given(value)
        assert env.number(NAME, 7) == 7
        assert wanted() == ["a number, 0 or more"]

    def test_too_little_is_told(self, given: Set) -> None:
        given("5")
        assert env.number(NAME, 100, least=10) == 100
        assert wanted() == ["a number, 10 or more"]


class TestWhole:
    def test_it_is_read(self, given: Set) -> None:
        given("12")
        assert env.whole(NAME, 7) == 12

    @pytest.mark.parametrize("value", ["1.5", "x", "-3"])
    def test_a_part_is_told(self, given: Set, value: str) -> None:
        given(value)
        assert env.whole(NAME, 7, least=1) == 7
        assert len(wanted()) == 1


class TestSeconds:
    def test_they_become_a_duration(self, given: Set) -> None:
        given("1.5")
        assert env.seconds(NAME, timedelta(minutes=1)) == timedelta(seconds=1.5)

    @pytest.mark.parametrize("value", ["a minute", "1e15"])
    def test_what_no_clock_can_count_is_told(self, given: Set, value: str) -> None:
        given(value)
        assert env.seconds(NAME, timedelta(minutes=1)) == timedelta(minutes=1)
        assert len(wanted()) == 1

    @pytest.mark.parametrize(("least", "value", "told"), [(0.1, "0", "0.1"), (1, "0.5", "1")])
    def test_too_short_a_pause_is_told(self, given: Set, least: float, value: str, told: str) -> None:
        given(value)
        assert env.seconds(NAME, timedelta(minutes=1), least=least) == timedelta(minutes=1)
        assert wanted() == [f"a number, {told} or more"]

    def test_no_pause_at_all_must_be_allowed(self, given: Set) -> None:
        given("0")
        assert env.seconds(NAME, timedelta(minutes=1), least=0) == timedelta(0)
        assert wanted() == []
        assert env.seconds(NAME, timedelta(minutes=1)) == timedelta(minutes=1)


class TestWords:
    def test_commas_part_them(self, given: Set) -> None:
        given(" a, b ,,c ")
        assert env.words(NAME) == ["a", "b", "c"]

    def test_nothing_is_no_word(self) -> None:
        assert env.words(NAME) == []


class TestOrigin:
    def test_a_path_is_told(self, given: Set) -> None:
        given("https://bells.example/tower")
        env.origin(NAME)
        assert wanted() == ["an address without a path, such as https://push.example.org"]


class TestHosts:
    def test_a_scheme_is_told(self, given: Set) -> None:
        given("bells.example,https://tower.example")
        env.hosts(NAME, "localhost")
        assert wanted() == ["names of hosts, such as push.example.org, without https:// and paths"]

    def test_names_and_patterns_are_none(self, given: Set) -> None:
        given("bells.example,.tower.example,[::1],*")
        assert env.hosts(NAME, "localhost") == ["bells.example", ".tower.example", "[::1]", "*"]
        assert wanted() == []


class TestAddresses:
    def test_networks_and_anybody_are_addresses_too(self, given: Set) -> None:
        given("127.0.0.1,10.0.0.0/8,::1,*")
        assert env.addresses(NAME) == ["127.0.0.1", "10.0.0.0/8", "::1", "*"]
        assert wanted() == []

    def test_a_name_is_told(self, given: Set) -> None:
        given("proxy.example")
        env.addresses(NAME)
        assert wanted() == ["addresses of proxies, such as 127.0.0.1 or 10.0.0.0/8"]


class TestDatabase:
    def test_its_parts_are_read(self) -> None:
        assert env.database("postgres://root:hush@db.example:5433/bells")["PORT"] == 5433

    def test_what_is_no_address_is_told_without_its_password(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(env, "problems", [])
        assert env.database("postgres://root:hush@db.example:abc/x")["ENGINE"].endswith("sqlite3")
        ((name, value, _),) = env.problems
        assert (name, "hush" in value) == ("DATABASE_URL", False)
