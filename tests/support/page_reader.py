# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a page as a person does: headings, parts, table rows, and the marks of what is bad."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

#: Tags that do not end the word before them, and tags without an end tag.
_INLINE = {"a", "b", "code", "i", "span", "strong", "time", "title"}
_VOID = {"br", "link", "meta"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    @property
    def mark(self) -> str:
        return self.attributes.get("class", "").strip()

    @property
    def text(self) -> str:
        return " ".join("".join(self._words()).split())

    def _words(self) -> Iterator[str]:
        blank = "" if self.tag in _INLINE else " "
        yield blank
        for child in self.children:
            yield from [child] if isinstance(child, str) else child._words()
        yield blank

    def all(self, *tags: str) -> list[Element]:
        """Return the elements within this one with these tags, in their order."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                found += [child] if not tags or child.tag in tags else []
                found += child.all(*tags)
        return found

    def one(self, tag: str) -> Element:
        return self.all(tag)[0]

    @property
    def rows(self) -> list[list[str]]:
        """Return the texts of the cells of each row, except rows of headings."""
        bodies = self.all("tbody")
        return [[cell.text for cell in row.all("th", "td")] for body in bodies for row in body.all("tr")]


class Page(HTMLParser):
    """A page. Raises ValueError if a tag is closed that is not open."""

    def __init__(self, text: str):
        super().__init__()
        self.root = Element("page")
        self._open = [self.root]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if self._open.pop().tag != tag:
            raise ValueError(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

    @property
    def title(self) -> str:
        return self.root.one("title").text

    @property
    def main(self) -> Element:
        return self.root.one("main")

    @property
    def headline(self) -> tuple[str, list[tuple[str, str]]]:
        """Return the mark of the box at the top, and its lines, each with its mark, without the links at its end."""
        (box,) = [div for div in self.main.all("div") if div.mark.startswith("overall")]
        lines = [line for line in box.all("p") if line.mark != "links"]
        return box.mark.removeprefix("overall").strip(), [(_mark_of(line), line.text) for line in lines]

    def part(self, name: str) -> Element:
        """Return the text under the heading with this ID, or in the part that opens. Raises KeyError if absent."""
        found = {each.attributes.get("id"): each for each in self.main.all()}[name]
        if found.tag != "h2":
            return found
        beside = self.main.children[self.main.children.index(found) + 1 :]
        ends = (n for n, child in enumerate(beside) if isinstance(child, Element) and _begins_part(child))
        return Element("section", children=beside[: next(ends, None)])

    @property
    def dead_links(self) -> list[str]:
        """Return the links to parts that do not exist."""
        targets = {f"#{each.attributes['id']}" for each in self.main.all() if "id" in each.attributes}
        links = [link.attributes["href"] for link in self.main.all("a")]
        return [link for link in links if link.startswith("#") and link not in targets]


def _mark_of(line: Element) -> str:
    return line.mark or next((strong.mark for strong in line.all("strong")), "")


def _begins_part(element: Element) -> bool:
    return element.tag == "h2" or (element.tag == "details" and "id" in element.attributes)
