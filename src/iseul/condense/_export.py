# SPDX-License-Identifier: Apache-2.0
"""A condensed set for others: an .npz of plain arrays, or C99 to learn from on a chip.

The C is two files: constants, as they lie in the `.dew` file, and a header whose inline functions
unpack one value or one sample at a time. No heap, no floating point; a sample that holds several
is decoded by the integer rule of `_decode.py`, so the chip sees the bytes that numpy sees. A set
in arithmetic coding keeps the codes of the sample that was read last in static memory.
"""

from __future__ import annotations

import io
import re
from string import Template
from typing import TYPE_CHECKING

import numpy as np

from iseul.condense import _container, _entropy
from iseul.condense._decode import cells
from iseul.condense._upsampler import HIDDEN, MOST_HIDDEN, SUM, WEIGHT, factors
from iseul.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from iseul.condense._condensed import CondensedSet
    from iseul.condense._container import Coding
    from iseul.condense._upsampler import Upsampler

_PER_LINE = 16
_PER_START = 16  # samples from one kept start of a coded set to the next


def as_npz(made: CondensedSet, name: str) -> dict[str, bytes]:
    """One .npz: x (N, H, W, C) uint8 raw samples to train on, y, and what raw values mean.

    real value = scale * (x - zero_point)
    """
    x, y = made.samples()
    about = made.about
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        x=x,
        y=y,
        scale=np.float64(about.scale),
        zero_point=np.int64(about.zero_point),
        raw_max=np.int64(about.raw_max),
        classes=np.array(about.classes),
    )
    return {f"{name}.npz": buffer.getvalue()}


def as_c(made: CondensedSet, name: str) -> dict[str, bytes]:
    """`<name>.h` and `<name>.c`. Raises UsageError if name is not one for C."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise UsageError(f'"{name}" is not a name in C', "--name my_set")
    about, (height, width, channels) = made.about, made.shape
    per_pixel = made.table.shape[1] if len(made.table) else 1
    coding = made.coding
    if coding is None:
        samples = _container.packed(made.codes, made.bits)
    else:
        samples = np.frombuffer(coding.data, np.uint8)
    counts = np.bincount(made.y, minlength=len(about.classes))
    balanced = bool((counts == counts[0]).all())
    places = {
        "name": name,
        "NAME": name.upper(),
        "method": _in_comment(about.method),
        "version": _in_comment(about.version),
        "recipe": about.recipe or "unknown",
        "n": len(made.y),
        "classes": len(about.classes),
        "height": height,
        "width": width,
        "channels": channels,
        "bits": made.bits,
        "per_byte": 8 // made.bits,
        "mask": (1 << made.bits) - 1,
        "sample_bytes": samples.shape[-1],
        "bytes": samples.size,
        "codes": made.codes.shape[1],
        "scale": f"{about.scale:.9g}" + ("" if re.search("[.e]", f"{about.scale:.9g}") else ".0"),
        "zero_point": about.zero_point,
        "class_names": _in_comment(", ".join(about.classes)),
        "parts": len(cells((height, width), made.factor, about.axes)) if made.factor > 1 else 1,
        "per_pixel": per_pixel,
        "table_bytes": made.table.size,
    }
    pieces = [_HEAD]
    if made.bits < 8:
        pieces.append(_DECLARE_TABLE)
    pieces.append(_LABEL if balanced else _DECLARE_LABELS)
    if coding is not None:
        pieces.append(_DECLARE_CODES + (_STORED_CODED if made.bits < 8 else _STORED_CODED_8))
    else:
        pieces.append(_PLAIN + {8: _STORED_8, 6: _STORED_6}.get(made.bits, _STORED_FEW))
    if made.upsampler is not None:
        pieces.append(_VALUE_UPSAMPLED)
    elif made.factor > 1:
        pieces += [_formation(made), _VALUE]
    else:
        pieces.append(_VALUE_PLAIN)
    pieces.append(_READ)
    header = "".join(Template(piece).substitute(places) for piece in pieces)
    body = [f'// {name}: see {name}.h. Written by iseul export.\n#include "{name}.h"\n']
    body.append(_array(f"const uint8_t {name}_samples[{samples.size}]", samples))
    if made.bits < 8:
        body.append(_array(f"const uint8_t {name}_table[{made.table.size}]", made.table))
    if not balanced:
        body.append(_array(f"const uint16_t {name}_labels[{len(made.y)}]", made.y))
    if coding is not None:
        body += _decoder(made, coding, places)
    if made.upsampler is not None:
        body += _enlarging(made, made.upsampler, places)
    return {f"{name}.h": header.encode(), f"{name}.c": "\n".join(body).encode()}


FORMATS: Mapping[str, Callable[[CondensedSet, str], dict[str, bytes]]] = {
    "c": as_c,
    "npz": as_npz,
}


def _in_comment(text: str) -> str:
    """A file's text on one line of a C comment: nothing in it may end the line or join the next."""
    plain = " ".join(text.split()).replace("\\", "/").replace("?", ".")  # ??/ is a backslash too
    return "".join(each for each in plain if each.isascii() and each.isprintable()) or "unknown"


def _array(declaration: str, values: np.ndarray) -> str:
    flat = [str(value) for value in values.ravel().tolist()]
    lines = [
        "    " + ", ".join(flat[i : i + _PER_LINE]) + "," for i in range(0, len(flat), _PER_LINE)
    ]
    return "\n".join([f"{declaration} = {{", *lines, "};", ""])


def _decoder(made: CondensedSet, coding: Coding, places: Mapping[str, object]) -> list[str]:
    """The C of `_entropy.decode`, a sample at a time, and what it reads."""
    (_, width, planes), bits = made.planes, made.bits
    starts = np.concatenate([[0], np.cumsum(coding.lengths)])[: len(made.y) : _PER_START]
    near = _entropy.neighbours_of(made.planes)[: coding.model.neighbours]
    context = []
    for dy, dx, dp in near:
        inside = [
            f"{side} >= {back}u" for side, back in (("y", dy), ("x", dx), ("p", dp)) if back > 0
        ]
        if dx < 0:
            inside.append(f"x + {-dx}u < {width}u")
        back = (dy * width + dx) * planes + dp
        code = f"({' && '.join(inside)} ? codes[i - {back}u] : 0u)"
        context.append(f"                row = (row << {bits}) | {code};")
    own = {
        **places,
        "planes": planes,
        "coded_width": width,
        "per_start": _PER_START,
        "nodes": (1 << bits) - 1,
        "context": "\n".join(context),
    }
    name, chances = places["name"], coding.model.chances
    kind = f"uint{8 << coding.width}_t"
    return [
        _array(f"static const uint8_t {name}_chances[{chances.size}]", chances),
        _array(f"static const uint32_t {name}_starts[{len(starts)}]", starts),
        _array(f"static const {kind} {name}_lengths[{len(coding.lengths)}]", coding.lengths),
        Template(_DECODER).substitute(own),
    ]


def _enlarging(made: CondensedSet, network: Upsampler, places: Mapping[str, object]) -> list[str]:
    """The C of `_upsampler.enlarge_raw`, a part at a time, and its weights."""
    across, (height, width, _) = factors(made.factor, made.about.axes), made.shape
    own = {
        **places,
        "rows": height // across[0],
        "columns": width // across[1],
        "down": across[0],
        "across": across[1],
        "hidden": network.channels,
        "per_hidden": WEIGHT // HIDDEN,
        "most_hidden": MOST_HIDDEN,
        "sum": SUM,
        "raw_max": network.raw_max,
    }
    name = places["name"]
    arrays = (
        ("int8_t", "first", network.first.transpose(0, 2, 3, 1)),
        ("int16_t", "first_bias", network.first_bias),
        ("int8_t", "second", network.second.transpose(0, 2, 3, 1)),
        ("int16_t", "second_bias", network.second_bias),
    )
    return [
        *(_array(f"static const {t} {name}_{n}[{a.size}]", a) for t, n, a in arrays),
        Template(_UPSAMPLER).substitute(own),
    ]


def _formation(made: CondensedSet) -> str:
    """The edges of the parts, as C; parts go row by row."""
    parts = cells(made.shape[:2], made.factor, made.about.axes)
    rows = ", ".join(f"{{{part[0]}, {part[1] - part[0]}}}" for part in parts)
    columns = ", ".join(f"{{{part[2]}, {part[3] - part[2]}}}" for part in parts)
    return _PLACE.replace("$rows", rows).replace("$columns", columns)


_HEAD = """\
// $name: a condensed data set, $n samples in $classes classes, $bits bits a code.
// Written by iseul export ($version); method $method, recipe $recipe.
// Classes: $class_names
//
// Real value = ${NAME}_SCALE * (raw - ${NAME}_ZERO_POINT); the int8 input of a model is raw - 128.
// Samples lie by rank, then by class: where classes are alike, the first k * ${NAME}_CLASSES of
// them are k of each class. A stored sample holds ${NAME}_PARTS to learn from.
// Values of a sample go row by row, channels innermost.
#ifndef ${NAME}_H
#define ${NAME}_H

#include <stdint.h>

#define ${NAME}_SAMPLES ${n}u
#define ${NAME}_CLASSES ${classes}u
#define ${NAME}_HEIGHT ${height}u
#define ${NAME}_WIDTH ${width}u
#define ${NAME}_CHANNELS ${channels}u
#define ${NAME}_VALUES (${NAME}_HEIGHT * ${NAME}_WIDTH * ${NAME}_CHANNELS)
#define ${NAME}_PARTS ${parts}u
#define ${NAME}_BITS ${bits}
#define ${NAME}_SCALE ${scale}f
#define ${NAME}_ZERO_POINT (${zero_point})

extern const uint8_t ${name}_samples[${bytes}];
"""
_PLAIN = "\n#define ${NAME}_SAMPLE_BYTES ${sample_bytes}u\n"
_DECLARE_TABLE = "extern const uint8_t ${name}_table[${table_bytes}];\n"
_DECLARE_LABELS = """\
extern const uint16_t ${name}_labels[${NAME}_SAMPLES];

// Class of a stored sample.
static inline uint16_t ${name}_label(uint32_t sample) { return ${name}_labels[sample]; }
"""
_LABEL = """
// Class of a stored sample.
static inline uint16_t ${name}_label(uint32_t sample) {
    return (uint16_t)(sample % ${NAME}_CLASSES);
}
"""
_STORED_8 = """
// Raw value of a stored sample, value < ${NAME}_VALUES.
static inline uint8_t ${name}_stored(uint32_t sample, uint32_t value) {
    return ${name}_samples[sample * ${NAME}_SAMPLE_BYTES + value];
}
"""
_STORED_FEW = """
// Raw value of a stored sample, value < ${NAME}_VALUES. ${per_byte} codes a byte, low bits first.
static inline uint8_t ${name}_stored(uint32_t sample, uint32_t value) {
    const uint32_t i = value / ${per_pixel}u;
    const uint32_t all = ${name}_samples[sample * ${NAME}_SAMPLE_BYTES + i / ${per_byte}u];
    const uint32_t code = (all >> (${bits}u * (i % ${per_byte}u))) & ${mask}u;
    return ${name}_table[code * ${per_pixel}u + value % ${per_pixel}u];
}
"""
_STORED_6 = """
// Raw value of a stored sample, value < ${NAME}_VALUES. Four codes in three bytes, low bits first.
static inline uint8_t ${name}_stored(uint32_t sample, uint32_t value) {
    const uint32_t bit = value / ${per_pixel}u * 6u;
    const uint8_t *from = &${name}_samples[sample * ${NAME}_SAMPLE_BYTES + bit / 8u];
    const uint32_t shift = bit % 8u;
    uint32_t code = (uint32_t)from[0] >> shift;
    if (shift > 2u) {
        code |= (uint32_t)from[1] << (8u - shift);
    }
    return ${name}_table[(code & 63u) * ${per_pixel}u + value % ${per_pixel}u];
}
"""
_DECLARE_CODES = """
// Codes of a stored sample, in memory of this file that the next call with another one takes: not
// for two threads at once.
const uint8_t *${name}_codes(uint32_t sample);

// Raw value of a stored sample, value < ${NAME}_VALUES.
static inline uint8_t ${name}_stored(uint32_t sample, uint32_t value) {
"""
_STORED_CODED = """\
    const uint32_t code = ${name}_codes(sample)[value / ${per_pixel}u];
    return ${name}_table[code * ${per_pixel}u + value % ${per_pixel}u];
}
"""
_STORED_CODED_8 = """\
    return ${name}_codes(sample)[value];
}
"""
_DECODER = """\
// Arithmetic coding: low .. high is the interval of what may follow, at what does. The chance of a
// 0 is looked up by the neighbours' codes and by the bits of this code that are known.
const uint8_t *${name}_codes(uint32_t sample) {
    static uint8_t codes[${codes}];
    static uint32_t held; // one more than the sample that codes has; 0: none
    if (held == sample + 1u) {
        return codes;
    }
    held = sample + 1u;
    uint32_t place = ${name}_starts[sample / ${per_start}u];
    for (uint32_t before = sample - sample % ${per_start}u; before < sample; ++before) {
        place += ${name}_lengths[before];
    }
    const uint32_t end = place + ${name}_lengths[sample];
    uint32_t low = 0u, high = UINT32_MAX, at = 0u, i = 0u;
    for (uint32_t n = 0u; n < 4u; ++n) {
        at = (at << 8) | (place < end ? ${name}_samples[place] : 0u);
        ++place;
    }
    for (uint32_t y = 0u; y < ${height}u; ++y) {
        for (uint32_t x = 0u; x < ${coded_width}u; ++x) {
            for (uint32_t p = 0u; p < ${planes}u; ++p) {
                uint32_t row = 0u, node = 0u;
${context}
                while (node < ${nodes}u) {
                    const uint32_t chance = ${name}_chances[row * ${nodes}u + node];
                    const uint32_t middle = low + ((high - low) >> 8) * chance;
                    if (at > middle) {
                        low = middle + 1u;
                        node = 2u * node + 2u;
                    } else {
                        high = middle;
                        node = 2u * node + 1u;
                    }
                    while (((low ^ high) >> 24) == 0u) {
                        low <<= 8;
                        high = (high << 8) | 255u;
                        at = (at << 8) | (place < end ? ${name}_samples[place] : 0u);
                        ++place;
                    }
                }
                codes[i] = (uint8_t)(node - ${nodes}u);
                ++i;
            }
        }
    }
    return codes;
}
"""
_PLACE = """
// Begin and length of each part's rows and columns.
static const uint16_t ${name}_rows[][2] = {$rows};
static const uint16_t ${name}_columns[][2] = {$columns};

// Where value `out` of `size` comes from when `have` values are stretched to them: between low
// and high, share / (2 size) of the way.
static inline void ${name}_place(uint32_t out, uint32_t have, uint32_t size, uint32_t *low,
                                 uint32_t *high, uint32_t *share) {
    const uint32_t place = (2u * out + 1u) * have;
    const uint32_t at = place > size ? place - size : 0u;
    *low = at / (2u * size);
    if (*low > have - 1u) {
        *low = have - 1u;
    }
    *high = *low + 1u < have ? *low + 1u : have - 1u;
    *share = at - *low * 2u * size;
}
"""
_VALUE_PLAIN = """
// Raw value of sample `part` < ${NAME}_PARTS in a stored sample.
static inline uint8_t ${name}_value(uint32_t sample, uint32_t part, uint32_t value) {
    (void)part;
    return ${name}_stored(sample, value);
}
"""
_VALUE = """
// Raw value of sample `part` < ${NAME}_PARTS in a stored sample: bilinear, halves upwards.
static inline uint8_t ${name}_value(uint32_t sample, uint32_t part, uint32_t value) {
    const uint32_t channel = value % ${NAME}_CHANNELS;
    const uint32_t x = value / ${NAME}_CHANNELS % ${NAME}_WIDTH;
    const uint32_t y = value / ${NAME}_CHANNELS / ${NAME}_WIDTH;
    uint32_t top, bottom, left, right, down, across;
    ${name}_place(y, ${name}_rows[part][1], ${NAME}_HEIGHT, &top, &bottom, &down);
    ${name}_place(x, ${name}_columns[part][1], ${NAME}_WIDTH, &left, &right, &across);
    top = (top + ${name}_rows[part][0]) * ${NAME}_WIDTH;
    bottom = (bottom + ${name}_rows[part][0]) * ${NAME}_WIDTH;
    left += ${name}_columns[part][0];
    right += ${name}_columns[part][0];
    const uint32_t a = ${name}_stored(sample, (top + left) * ${NAME}_CHANNELS + channel);
    const uint32_t b = ${name}_stored(sample, (top + right) * ${NAME}_CHANNELS + channel);
    const uint32_t c = ${name}_stored(sample, (bottom + left) * ${NAME}_CHANNELS + channel);
    const uint32_t d = ${name}_stored(sample, (bottom + right) * ${NAME}_CHANNELS + channel);
    const uint32_t above = a * (2u * ${NAME}_WIDTH - across) + b * across;
    const uint32_t below = c * (2u * ${NAME}_WIDTH - across) + d * across;
    const uint32_t half = 2u * ${NAME}_HEIGHT * ${NAME}_WIDTH;
    const uint32_t sum = above * (2u * ${NAME}_HEIGHT - down) + below * down;
    return (uint8_t)((sum + half) / (2u * half));
}
"""
_VALUE_UPSAMPLED = """
// Sample `part` < ${NAME}_PARTS of a stored sample, in memory of this file that the next call with
// another one takes: not for two threads at once.
const uint8_t *${name}_sample(uint32_t sample, uint32_t part);

// Raw value of it.
static inline uint8_t ${name}_value(uint32_t sample, uint32_t part, uint32_t value) {
    return ${name}_sample(sample, part)[value];
}
"""
_UPSAMPLER = """\
// Both convolutions read lines with a zero on each side, values of a place together, so three
// places of a line are one run. Weights lie alike: out, line, place, in.
#define ${NAME}_ROWS ${rows}u
#define ${NAME}_COLUMNS ${columns}u
#define ${NAME}_LINE ((${NAME}_COLUMNS + 2u) * ${NAME}_CHANNELS)
#define ${NAME}_HIDDEN ${hidden}u
#define ${NAME}_HIDDEN_LINE ((${NAME}_COLUMNS + 2u) * ${NAME}_HIDDEN)

// Hidden values of row y of a part.
static void ${name}_hidden(const uint8_t *from, uint32_t y, uint16_t *out) {
    for (uint32_t x = 0u; x < ${NAME}_COLUMNS; ++x) {
        const int8_t *weight = ${name}_first;
        for (uint32_t d = 0u; d < ${NAME}_HIDDEN; ++d) {
            int32_t sum = ${name}_first_bias[d];
            for (uint32_t line = 0u; line < 3u; ++line) {
                const uint8_t *at = &from[(y + line) * ${NAME}_LINE + x * ${NAME}_CHANNELS];
                for (uint32_t i = 0u; i < 3u * ${NAME}_CHANNELS; ++i) {
                    sum += (int32_t)*weight++ * (int32_t)at[i];
                }
            }
            sum = sum < 0 ? 0 : (sum + ${per_hidden} / 2) / ${per_hidden};
            out[(x + 1u) * ${NAME}_HIDDEN + d] =
                (uint16_t)(sum < ${most_hidden} ? sum : ${most_hidden});
        }
    }
}

// What it adds to one value, from the lines of hidden values around it.
static int32_t ${name}_detail(uint16_t hidden[3][${NAME}_HIDDEN_LINE], uint32_t y, uint32_t x,
                              uint32_t o) {
    const int8_t *weight = &${name}_second[o * 9u * ${NAME}_HIDDEN];
    int32_t sum = ${name}_second_bias[o];
    for (uint32_t line = 0u; line < 3u; ++line) {
        const uint16_t *at = &hidden[(y + line) % 3u][x * ${NAME}_HIDDEN];
        for (uint32_t i = 0u; i < 3u * ${NAME}_HIDDEN; ++i) {
            sum += (int32_t)*weight++ * (int32_t)at[i];
        }
    }
    return sum;
}

// Where line `out` of an enlarged side comes from: between low and high, share / (2 factor) of
// the way, so that sums of four values stay small.
static void ${name}_place(uint32_t out, uint32_t factor, uint32_t have, uint32_t *low,
                          uint32_t *high, uint32_t *share) {
    const uint32_t at = 2u * out + 1u > factor ? 2u * out + 1u - factor : 0u;
    *low = at / (2u * factor);
    *high = *low + 1u < have ? *low + 1u : have - 1u;
    *share = at % (2u * factor);
}

// Bilinear enlargement of one value, in steps of 1 / $sum, halves upwards.
static int32_t ${name}_bilinear(const uint8_t *from, uint32_t y, uint32_t x, uint32_t c) {
    uint32_t top, bottom, left, right, below, beside;
    ${name}_place(y, ${down}u, ${NAME}_ROWS, &top, &bottom, &below);
    ${name}_place(x, ${across}u, ${NAME}_COLUMNS, &left, &right, &beside);
    const uint8_t *upper = &from[(top + 1u) * ${NAME}_LINE + ${NAME}_CHANNELS + c];
    const uint8_t *lower = &from[(bottom + 1u) * ${NAME}_LINE + ${NAME}_CHANNELS + c];
    left *= ${NAME}_CHANNELS;
    right *= ${NAME}_CHANNELS;
    const uint32_t nearer = 2u * ${across}u - beside;
    const uint32_t all = (upper[left] * nearer + upper[right] * beside) * (2u * ${down}u - below) +
                         (lower[left] * nearer + lower[right] * beside) * below;
    return (int32_t)((all * ${sum}u + 2u * ${down}u * ${across}u) / (4u * ${down}u * ${across}u));
}

const uint8_t *${name}_sample(uint32_t sample, uint32_t part) {
    static uint8_t from[(${NAME}_ROWS + 2u) * ${NAME}_LINE]; // its frame stays 0
    static uint8_t out[${NAME}_VALUES];
    static uint16_t hidden[3][${NAME}_HIDDEN_LINE]; // its ends stay 0
    static uint32_t held; // one more than the part that out has; 0: none
    if (held == sample * ${NAME}_PARTS + part + 1u) {
        return out;
    }
    held = sample * ${NAME}_PARTS + part + 1u;
    const uint32_t top = part / ${across}u * ${NAME}_ROWS;
    const uint32_t left = part % ${across}u * ${NAME}_COLUMNS;
    for (uint32_t y = 0u; y < ${NAME}_ROWS; ++y) {
        const uint32_t first = ((top + y) * ${NAME}_WIDTH + left) * ${NAME}_CHANNELS;
        uint8_t *line = &from[(y + 1u) * ${NAME}_LINE + ${NAME}_CHANNELS];
        for (uint32_t i = 0u; i < ${NAME}_COLUMNS * ${NAME}_CHANNELS; ++i) {
            line[i] = ${name}_stored(sample, first + i);
        }
    }
    for (uint32_t i = 0u; i < ${NAME}_HIDDEN_LINE; ++i) {
        hidden[0][i] = 0u; // above the first row
    }
    ${name}_hidden(from, 0u, hidden[1]);
    for (uint32_t y = 0u; y < ${NAME}_ROWS; ++y) {
        uint16_t *next = hidden[(y + 2u) % 3u];
        if (y + 1u < ${NAME}_ROWS) {
            ${name}_hidden(from, y + 1u, next);
        } else {
            for (uint32_t i = 0u; i < ${NAME}_HIDDEN_LINE; ++i) {
                next[i] = 0u;
            }
        }
        for (uint32_t x = 0u; x < ${NAME}_COLUMNS; ++x) {
            for (uint32_t o = 0u; o < ${NAME}_CHANNELS * ${NAME}_PARTS; ++o) {
                const uint32_t c = o / ${NAME}_PARTS, place = o % ${NAME}_PARTS;
                const uint32_t to_y = y * ${down}u + place / ${across}u;
                const uint32_t to_x = x * ${across}u + place % ${across}u;
                int32_t sum = ${name}_detail(hidden, y, x, o) + ${sum} / 2;
                sum += ${name}_bilinear(from, to_y, to_x, c);
                sum = sum < 0 ? 0 : sum / ${sum};
                out[(to_y * ${NAME}_WIDTH + to_x) * ${NAME}_CHANNELS + c] =
                    (uint8_t)(sum < ${raw_max} ? sum : ${raw_max});
            }
        }
    }
    return out;
}
"""
_READ = """
// A whole sample of raw values; out has ${NAME}_VALUES of them.
static inline void ${name}_read(uint32_t sample, uint32_t part, uint8_t *out) {
    for (uint32_t i = 0u; i < ${NAME}_VALUES; ++i) {
        out[i] = ${name}_value(sample, part, i);
    }
}

// The same as a model's int8 input: raw - 128.
static inline void ${name}_read_s8(uint32_t sample, uint32_t part, int8_t *out) {
    for (uint32_t i = 0u; i < ${NAME}_VALUES; ++i) {
        out[i] = (int8_t)((int32_t)${name}_value(sample, part, i) - 128);
    }
}

#endif
"""
