# SPDX-License-Identifier: Apache-2.0
"""Progress bars and lines for people, on stderr; stdout stays free for `--json`.

A bar shows on a terminal only; elsewhere (a log, CI) one line tells when the work is done.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from iseul.core.units import show_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator


class Advance(Protocol):
    """Called after each unit of work; `note` replaces the text behind the bar."""

    def __call__(self, n: int = 1, note: str = "") -> None: ...


def console() -> Console:
    """Where people's lines go: stderr."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(line: str, verbosity: int = 0) -> None:
    """One line for people, shown when `-v` was given at least `verbosity` times."""
    if verbosity <= _Level.value:
        console().print(line, markup=False)


def warn(line: str) -> None:
    """One warning line for people: a fallback, never silent."""
    console().print(f"warning: {line}", style="yellow", markup=False)


class _Level:
    value = 0


def set_verbosity(level: int) -> None:
    """0 quiet, 1 (-v) stages, 2 (-vv) passes with node counts, 3 (-vvv) every rewrite."""
    _Level.value = level


@contextmanager
def progress(title: str, total: int) -> Iterator[Advance]:
    """A bar over `total` units of work.

    yields: advance(n=1, note=""), to be called as the work goes on
    """
    started = time.monotonic()
    screen = console()
    last = [""]
    if not screen.is_terminal:

        def silent(n: int = 1, note: str = "") -> None:
            last[0] = note or last[0]

        yield silent
        took = show_seconds(time.monotonic() - started)
        say(f"{title}: {total} in {took}{'  ' + last[0] if last[0] else ''}", 1)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(title, total=total, note="")

        def advance(n: int = 1, note: str = "") -> None:
            last[0] = note or last[0]
            bar.update(task, advance=n, note=last[0])

        yield advance
