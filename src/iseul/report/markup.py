# SPDX-License-Identifier: Apache-2.0
"""HTML as values: `Html` is text that is safe already, every other text is escaped.

el("p", "a < b", el("b", "bold"), class_="note")   ->   <p class="note">a &lt; b<b>bold</b></p>
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_VOID = {"img", "br", "meta", "hr"}


class Html(str):
    """Markup that must not be escaped again."""

    __slots__ = ()


def join(parts: Iterable[object]) -> Html:
    """Parts in a row; plain text among them is escaped, None is left out."""
    return Html(
        "".join(
            part if isinstance(part, Html) else escape(str(part), quote=True)
            for part in parts
            if part is not None
        )
    )


def el(tag: str, *children: object, **attributes: str | int | None) -> Html:
    """An element. `class_` gives class, `data_x` gives data-x; None leaves an attribute out."""
    names = {key: key.rstrip("_").replace("_", "-") for key in attributes}
    head = "".join(
        f' {names[key]}="{escape(str(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Html(f"<{tag}{head}>")
    return Html(f"<{tag}{head}>{join(children)}</{tag}>")


@dataclass(frozen=True)
class Column:
    """A table's column. kind: "text", "number" (right-aligned) or "code"; title explains it."""

    label: str
    kind: str = "text"
    title: str = ""


def table(
    caption: object,
    columns: Sequence[Column],
    rows: Sequence[Sequence[object]],
    marked: Sequence[str] = (),
    foot: Sequence[object] = (),
) -> Html:
    """A table with caption and header cells, in a region that scrolls when it is too wide.

    rows:   first cell of each is its header
    marked: a class per row, "" for none; as long as rows, or empty
    """
    head = el(
        "tr",
        *(
            el("th", column.label, scope="col", class_=column.kind, title=column.title or None)
            for column in columns
        ),
    )
    body = [
        el("tr", *_cells(columns, row), class_=(marked[i] or None) if marked else None)
        for i, row in enumerate(rows)
    ]
    parts: list[object] = [
        el("caption", el("span", caption)),
        el("thead", head),
        el("tbody", *body),
    ]
    if foot:
        parts.append(el("tfoot", el("tr", *_cells(columns, foot))))
    return scroll(el("table", *parts), "table, scrolls sideways")


def _cells(columns: Sequence[Column], row: Sequence[object]) -> list[Html]:
    first, *rest = zip(columns, row, strict=True)
    cells = [el("th", first[1], scope="row", class_=first[0].kind)]
    return cells + [
        el("td", "–" if cell is None else cell, class_=column.kind) for column, cell in rest
    ]


def scroll(content: Html, label: str) -> Html:
    """A region that scrolls sideways by itself; reachable with the keyboard."""
    return el("div", content, class_="scroll", tabindex=0, role="region", aria_label=label)


def bar(share: float, kind: str = "") -> Html:
    """A small bar for a share 0-1, for the eye only: the number must stand beside it."""
    width = 100 * min(max(share, 0.0), 1.0)
    return el(
        "span",
        el("span", style=f"width:{width:.1f}%"),
        class_=f"bar {kind}".strip(),
        aria_hidden="true",
    )


def how(said: object) -> Html:
    """A small tag with the first words of how a number was obtained, the whole as its title."""
    whole = str(said or "")
    word = next(
        (
            w
            for w in ("planned + painted", "planned", "modelled", "counted", "measured")
            if w in whole
        ),
        whole,
    )
    return el("span", word, class_=f"how {word.split(' ')[0]}", title=whole or None)
