# SPDX-License-Identifier: Apache-2.0
"""<name>_golden.c: the golden input, the oracle's CRC-32 of every step, and the self-test."""

from __future__ import annotations

import textwrap
import zlib
from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.emit._c_text import C_TYPE, comment, literal, numbers, printable
from iseul.numerics.affine import storage

if TYPE_CHECKING:
    from iseul.compile.emit._c_model import Model
    from iseul.numerics import Array

# A float output may differ by this share of its largest value: float32 has 2^-24 per operation,
# and orders of summation differ.
FLOAT_TOLERANCE = 1e-4


def golden_source(model: Model) -> str:
    """<name>_golden.c."""
    n = model.name
    about = f"{n}_golden.c: the self-test of {n}. Linked only where {n}_selftest is called."
    return f"""{comment(about)}
//
// checks   one line per output of a step: the step's function (NULL: as in the line before), its
//          index, where the output lies in the arena, the CRC-32 of what the oracle computes;
//          exact 0 where floats depend on the order of sums, which is not compared
#include <string.h>

#include "{n}_private.h"

{_inputs(model)}

typedef struct {{
  void (*run)({n}_t *m);
  int step;
  uint32_t offset, n_bytes, crc;
  int exact;{_where(model)}
}} check_t;

ISEUL_CONSTANT static const check_t checks[] = {{
{_checks(model)}
}};
{_float_outputs(model)}{_carried(model)}
int {n}_selftest({n}_t *m) {{
  if (m == NULL || m->arena == NULL) {{
    return -ISEUL_E_NULL;
  }}
  int result = 0;
  {n}_reset(m);
{_copies(model)}
  for (size_t i = 0; i < sizeof checks / sizeof checks[0] && result == 0; ++i) {{
    const check_t *const c = &checks[i];
    if (c->run != NULL) {{
      c->run(m);
    }}
{_memory(model)}{_condition(model)}
      result = c->step + 1;
    }}
  }}
{_compare_floats(model)}{_compare_carried(model)}  {n}_reset(m);
  return result;
}}
"""


def _inputs(model: Model) -> str:
    parts = []
    for i, (name, array) in enumerate(zip(model.graph.inputs, model.golden.inputs, strict=True)):
        kind = C_TYPE[model.graph.values[name].dtype]
        parts.append(
            f"// {printable(name)}\n"
            f"ISEUL_CONSTANT static const {kind} golden_input_{i}[{array.size}] = {{\n"
            f"{numbers(array)}\n}};"
        )
    return "\n\n".join(parts)


def _copies(model: Model) -> str:
    return "\n".join(
        f"  memcpy(m->arena + {model.plan.offset_of(name)}, golden_input_{i}, "
        f"sizeof golden_input_{i});"
        for i, name in enumerate(model.graph.inputs)
    )


def _checks(model: Model) -> str:
    lines = []
    for i, step in enumerate(model.steps):
        for k, (name, offset, n_bytes) in enumerate((*step.outputs, *step.kept)):
            exact = name in model.golden.exact
            crc = crc_of(model.golden.values[name]) if exact else 0
            run = step.symbol if k == 0 else "NULL"
            kept = f", {int(name in model.plan.kept)}" if model.plan.kept else ""
            lines.append(
                f"    {{{run}, {i}, {offset}u, {n_bytes}u, 0x{crc:08X}u, {int(exact)}{kept}}},"
            )
    return "\n".join(lines)


def _where(model: Model) -> str:
    """A member for values that are written over a state."""
    return "\n  int kept;  // 1: offset is in m->state" if model.plan.kept else ""


def _memory(model: Model) -> str:
    if not model.plan.kept:
        return ""
    return "    const uint8_t *const memory = c->kept ? (const uint8_t *)m->state : m->arena;\n"


def _condition(model: Model) -> str:
    base = "memory" if model.plan.kept else "m->arena"
    crc = f"iseul_crc32(0, {base} + c->offset, c->n_bytes)"
    return f"    if (c->exact && {crc} != c->crc) {{"


def _carried(model: Model) -> str:
    """Two invokes, and the CRC-32 of what the states become."""
    n = model.name
    if not model.golden.carried:
        return ""
    states = "\n".join(
        f"    {{{model.state_offsets[name]}u, {array.nbytes}u, 0x{crc_of(array):08X}u}},"
        for name, array in model.golden.carried.items()
    )
    return f"""
// What the states are after the golden input came twice: offset in m->state, bytes, CRC-32.
ISEUL_CONSTANT static const uint32_t carried[][3] = {{
{states}
}};

static int carries_states({n}_t *m) {{
  {n}_reset(m);
  for (int i = 0; i < 2; ++i) {{
{textwrap.indent(_copies(model), "  ")}
    if ({n}_invoke(m) != ISEUL_OK) {{
      return 0;
    }}
  }}
  for (size_t i = 0; i < sizeof carried / sizeof carried[0]; ++i) {{
    const uint8_t *const state = (const uint8_t *)m->state + carried[i][0];
    if (iseul_crc32(0, state, carried[i][1]) != carried[i][2]) {{
      return 0;
    }}
  }}
  return 1;
}}
"""


def _compare_carried(model: Model) -> str:
    if not model.golden.carried:
        return ""
    return f"""  if (result == 0 && !carries_states(m)) {{
    result = {model.upper}_N_STEPS + 1;
  }}
"""


def crc_of(array: Array) -> int:
    """CRC-32 of a value's bytes as a little-endian device holds them."""
    data = np.ascontiguousarray(array, storage(array.dtype.name).newbyteorder("<"))
    return zlib.crc32(data.tobytes())


def _inexact_outputs(model: Model) -> list[tuple[int, str]]:
    """(index of the making step, name) of float outputs that the CRC does not cover."""
    made = {name: i for i, step in enumerate(model.steps) for name in step.made}
    return [
        (made[model.homes[name]], name)
        for name in dict.fromkeys(model.graph.outputs)
        if name not in model.golden.exact and model.graph.values[name].is_float
    ]


def _float_outputs(model: Model) -> str:
    parts = []
    for i, (_, name) in enumerate(_inexact_outputs(model)):
        array = model.golden.values[name]
        parts.append(
            f"\n// {printable(name)}\n"
            f"ISEUL_CONSTANT static const float golden_output_{i}[{array.size}] = {{\n"
            f"{numbers(array)}\n}};\n"
        )
    return "".join(parts)


def _compare_floats(model: Model) -> str:
    lines = []
    for i, (step, name) in enumerate(_inexact_outputs(model)):
        array = model.golden.values[name]
        largest = float(np.abs(array[np.isfinite(array)]).max(initial=0.0))
        tolerance = literal(max(FLOAT_TOLERANCE * largest, 1e-30))
        lines.append(
            f"  if (result == 0 &&\n"
            f"      !iseul_is_close_f32({model.address(name, True)},\n"
            f"                          golden_output_{i}, {array.size}, {tolerance})) {{\n"
            f"    result = {step + 1};\n  }}\n"
        )
    return "".join(lines)
