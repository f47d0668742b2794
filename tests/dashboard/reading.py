"""Reads a page as a person does: the words of one part of it, by its id."""

from __future__ import annotations

from html.parser import HTMLParser

from django.http import HttpResponse

VOID = {
    "area",
    "base",
    "br",
    "col",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "rect",
    "line",
    "path",
    "use",
    "source",
}


class _Part(HTMLParser):
    """Gathers the text of the element with an id, and the addresses it links to."""

    def __init__(self, wanted: str) -> None:
        super().__init__()
        self.wanted, self.depth = wanted, 0
        self.words: list[str] = []
        self.links: list[str] = []
        self.found = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id") == self.wanted:
            self.found, self.depth = True, 1
        elif self.depth and tag not in VOID:
            self.depth += 1
        if self.depth and tag == "a":
            self.links.append(given.get("href") or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element that closes itself holds no text."""

    def handle_endtag(self, tag: str) -> None:
        if self.depth and tag not in VOID:
            self.depth -= 1

    def handle_data(self, data: str) -> None:
        if self.depth:
            self.words.append(data)


def part(response: HttpResponse, name: str) -> str:
    """The words of the element with this id, one space between any two; fails where there is none."""
    reader = _read(response, name)
    assert reader.found, f"no element with the id {name}"
    return " ".join(" ".join(reader.words).split()).replace(" ,", ",").replace(" .", ".")


def has_part(response: HttpResponse, name: str) -> bool:
    """Is there an element with this id?"""
    return _read(response, name).found


def links(response: HttpResponse, name: str) -> list[str]:
    """The addresses that the element with this id links to."""
    return _read(response, name).links


def _read(response: HttpResponse, name: str) -> _Part:
    reader = _Part(name)
    reader.feed(response.content.decode())
    return reader
