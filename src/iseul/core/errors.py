# SPDX-License-Identifier: Apache-2.0
"""The errors a user can meet.

    IseulError
    ├── UsageError        recipe, flag or name is wrong                       exit code 2
    ├── DataError         a file is missing, truncated or not what it says    exit code 1
    ├── ShapeError        shapes or dtypes do not fit                         exit code 1
    ├── UnsupportedError  op, dtype or target can not do it                   exit code 1
    ├── BudgetError       flash, RAM or time is exceeded                      exit code 1
    ├── VerifyError       two judges disagree                                 exit code 1
    └── ToolError         compiler or emulator failed; its last lines attached  exit code 1

A message says where, what is (with the value), what must be, and `try:` what to change.
`assert` stays for our own bugs: bad input never ends in a traceback.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class IseulError(Exception):
    """Base of all errors that are the input's or the machine's fault, not ours.

    problem: where, what is with its value, and what must be, in one or two lines
    remedy:  what the user can change; printed after `try:`
    """

    exit_code = 1

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem}\n  try: {remedy}" if remedy else problem)


class UsageError(IseulError):
    """A recipe, a flag or a name is wrong."""

    exit_code = 2


class DataError(IseulError):
    """A file is missing, truncated, corrupt or not of the kind it must be."""


class ShapeError(IseulError):
    """Shapes or dtypes do not fit together."""


@dataclass(frozen=True)
class Blocker:
    """One thing of a model that can not be done.

    op:      the op as the model's format names it, or "model" for what concerns all of it
    name:    the node
    problem: what is, and what must be
    remedy:  what to change
    """

    op: str
    name: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f'{self.op} "{self.name}": {self.problem}'


class UnsupportedError(IseulError):
    """An op, number kind or target can not do what is asked.

    blockers: all of them at once, where the error is about nodes of a model
    """

    def __init__(self, problem: str, remedy: str = "", blockers: Sequence[Blocker] = ()) -> None:
        self.blockers = tuple(blockers)
        super().__init__(problem, remedy)


class BudgetError(IseulError):
    """The result is right but too large or too slow for the stated budget or board."""


class VerifyError(IseulError):
    """Two judges computed different values; the message names the first node that differs."""


class ToolError(IseulError):
    """A tool that we call failed.

    last_lines: the end of what the tool printed, attached to the message
    """

    def __init__(self, problem: str, remedy: str = "", last_lines: Sequence[str] = ()) -> None:
        tail = "".join(f"\n  | {line}" for line in last_lines)
        super().__init__(problem + tail, remedy)


def did_you_mean(got: str, known: Iterable[str]) -> str:
    """` did you mean "x"?` for the closest known name, or an empty string."""
    close = get_close_matches(got, list(known), n=1, cutoff=0.6)
    return f' did you mean "{close[0]}"?' if close else ""
