# SPDX-License-Identifier: Apache-2.0
"""C text: identifiers, literals, tables, initialisers, within 100 columns."""

from __future__ import annotations

import math
import re
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from iseul.numerics import Array

WIDTH = 100

C_TYPE = {
    "float32": "float",
    "int8": "int8_t",
    "uint8": "uint8_t",
    "int16": "int16_t",
    "uint16": "uint16_t",
    "int32": "int32_t",
    "uint32": "uint32_t",
    "int64": "int64_t",
    "uint64": "uint64_t",
    "bool": "uint8_t",
    "int4": "int8_t",
}

# <name>.h, <name>_t and <NAME>_... must not be names that C, POSIX or the runtime use
_RESERVED = {
    *("assert", "complex", "ctype", "errno", "fenv", "float", "inttypes", "iso646", "limits"),
    *("locale", "math", "setjmp", "signal", "stdarg", "stdbool", "stddef", "stdint", "stdio"),
    *("stdlib", "string", "tgmath", "time", "wchar", "wctype", "unistd", "threads", "uchar"),
    *("int", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "double"),
    *("intptr", "uintptr", "intmax", "uintmax", "size", "ssize", "ptrdiff", "clock", "div"),
    *("char", "short", "long", "void", "bool", "max_align", "off", "pid", "uid", "gid", "mode"),
    *("fpos", "div", "ldiv", "lldiv", "va_list", "jmp_buf", "sig_atomic", "wint", "mbstate"),
}
_LONGEST_NAME = 28
_LONGEST_COMMENT = 48
_GLUE = "\x1f"  # a space at which no line is broken


def identifier(text: str) -> str:
    """A piece of a C name: letters, digits and single underscores, lower case, not too long."""
    plain = re.sub(r"[^0-9a-z]+", "_", text.lower()).strip("_")
    return plain[:_LONGEST_NAME].strip("_") or "x"


def model_prefix(name: str) -> str:
    """The C prefix of a model: an identifier that clashes with nothing known."""
    plain = identifier(name)
    if plain[0].isdigit() or plain in _RESERVED or plain.startswith("iseul"):
        return f"model_{plain}"
    return plain


def fresh(taken: set[str], stem: str) -> str:
    """`stem`, or `stem_2`, ...: not taken before, taken now."""
    name, i = stem, 2
    while name in taken:
        name, i = f"{stem}_{i}", i + 1
    taken.add(name)
    return name


def literal(value: Any) -> str:
    """A number as C text that stands for exactly this number."""
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return _real(float(value))
    number = int(value)
    if number in (-(2**31), -(2**63)):
        return "INT32_MIN" if number == -(2**31) else "INT64_MIN"
    return f"{number}u" if number > 2**31 - 1 else str(number)


def _real(value: float) -> str:
    if math.isnan(value):
        return "ISEUL_NOT_A_REAL"
    if math.isinf(value):
        return "ISEUL_HIGHEST_REAL" if value > 0 else "ISEUL_LOWEST_REAL"
    text = str(np.float32(value))  # the shortest text that reads back as the same float32
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def numbers(array: Array) -> str:
    """The elements of a table, comma separated, in lines of equal counts."""
    flat = array.ravel()
    if array.dtype.kind == "f":
        texts = [_real(x) for x in flat.tolist()]
    elif array.dtype == np.uint32:
        texts = [f"0x{x:08X}u" for x in flat.tolist()]
    else:
        texts = [literal(x) for x in flat.tolist()]
    widest = max(map(len, texts))
    per_line = max(1, (WIDTH - 4) // (widest + 2))
    per_line = 1 << (per_line.bit_length() - 1)  # a power of two: rows are easy to find
    rows = (texts[i : i + per_line] for i in range(0, len(texts), per_line))
    return "\n".join(f"    {', '.join(row)}," for row in rows)


def fields(values: Mapping[str, Any]) -> str:
    """The inside of a struct's initialiser; nested mappings and tuples in braces."""
    return ", ".join(f".{key}{_GLUE}={_GLUE}{_field(value)}" for key, value in values.items())


def _field(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + fields(value) + "}"
    if isinstance(value, tuple):
        return "{" + ", ".join(literal(v) for v in value) + "}"
    return value if isinstance(value, str) else literal(value)


def initialiser(head: str, values: Mapping[str, Any], indent: str) -> str:
    """`head {...};` with one line per member, wrapped."""
    lines = [f"{indent}{head} {{"]
    lines += wrap([f".{key} = {_field(value)}," for key, value in values.items()], f"{indent}    ")
    return "\n".join([*lines, f"{indent}}};"])


def glued(text: str) -> str:
    """Text that `wrap` keeps on one line."""
    return text.replace(" ", _GLUE)


def wrap(items: Iterable[str], indent: str) -> list[str]:
    """One line per item; long ones go on 4 columns further in, but not inside what is glued."""
    lines: list[str] = []
    for item in items:
        lines += textwrap.wrap(
            item,
            WIDTH,
            initial_indent=indent,
            subsequent_indent=f"{indent}    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return [line.replace(_GLUE, " ") for line in lines]


def comment(text: str, indent: str = "") -> str:
    """`// text`, wrapped."""
    found: list[str] = []
    for line in text.splitlines():
        wrapped = textwrap.wrap(
            line, WIDTH - len(indent) - 3, break_long_words=False, break_on_hyphens=False
        )
        found += [f"{indent}// {part}" for part in wrapped or [""]]
    return "\n".join(line.rstrip() for line in found)


def printable(text: str) -> str:
    """A graph's name as it may stand in a `//` comment: printable ASCII, the middle cut out of
    the long names that converters make.
    """
    plain = "".join(c if c.isascii() and c.isprintable() else "." for c in text)
    # neither a backslash nor the trigraph ??/, which C99 reads as one, may end a line
    plain = plain.replace("\\", "/").replace("?", ".")
    return shorten(plain, _LONGEST_COMMENT)


def shorten(text: str, longest: int) -> str:
    """A text of at most so many characters: the middle of a longer one is cut out."""
    if len(text) <= longest:
        return text
    tail = max(0, (longest - 4) // 2)
    return f"{text[: longest - 4 - tail]} .. {text[len(text) - tail :]}"


def declaration(specifiers: str, rest: str) -> str:
    """`specifiers rest` of a declaration, on two lines where one is too short."""
    line = f"{specifiers} {rest}"
    return line if len(line) <= WIDTH else f"{specifiers}\n    {rest}"


def grid(rows: Sequence[Sequence[str]], name: int) -> str:
    """Rows as comment lines with aligned columns; cells of digits stand right.

    name: the column that is shortened where lines would be too long
    """
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    over = len("//   ") + sum(widths) + 2 * (len(widths) - 1) - WIDTH
    widths[name] = max(min(widths[name], 12), widths[name] - max(0, over))
    lines = []
    for row in rows:
        cells = [
            shorten(cell, width).rjust(width)
            if cell.replace(",", "").isdigit()
            else shorten(cell, width).ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ]
        lines.append(f"//   {'  '.join(cells)}".rstrip())
    return "\n".join(lines)


def dims(shape: Sequence[int]) -> str:
    """`1x28x28x1`."""
    return "x".join(map(str, shape)) or "scalar"
