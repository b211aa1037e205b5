# SPDX-License-Identifier: Apache-2.0
"""<name>.h, what an application includes, and <name>_private.h, what the model's files share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.emit._c_model import common_type
from iseul.compile.emit._c_text import comment, declaration, dims, literal, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.compile.emit._c_model import Model
    from iseul.graph.ir import Value


def public_header(model: Model) -> str:
    """<name>.h."""
    n, u = model.name, model.upper
    inputs, outputs = model.values(model.graph.inputs), model.values(model.graph.outputs)
    in_type, out_type = common_type(inputs), common_type(outputs)
    arena = (
        f"0, or an ISEUL_E_* code. arena: {u}_ARENA_BYTES at an address that is a multiple of "
        f"{u}_ARENA_ALIGN; it may be used for other things between invokes, states are not in it."
    )
    state = f"  uint64_t state[{u}_STATE_BYTES / 8];\n" if model.state_bytes else ""
    return f"""{_about(model)}
#ifndef ISEUL_MODEL_{u}_H
#define ISEUL_MODEL_{u}_H

#include <stddef.h>
#include <stdint.h>

#include "iseul.h"

#ifdef __cplusplus
extern "C" {{
#endif

#define {u}_ARENA_BYTES {model.plan.arena_bytes}
#define {u}_ARENA_ALIGN {model.plan.alignment}
#define {u}_STATE_BYTES {model.state_bytes}
#define {u}_N_STEPS {len(model.steps)}
{_interface(f"{u}_INPUT", inputs)}
{_interface(f"{u}_OUTPUT", outputs)}

// A model in use. Several may share the tables; each needs an arena of its own while it runs.
typedef struct {{
  uint8_t *arena;
{state}}} {n}_t;

{comment(arena)}
{init_signature(n)};

// Where input i is written before each invoke; NULL if there is no such input. Its memory is
// used again during the invoke.
{in_type} *{n}_input({n}_t *m, int i);

// One inference: 0, or an ISEUL_E_* code.
int {n}_invoke({n}_t *m);

// Output i, valid until the next invoke; NULL if there is no such output.
const {out_type} *{n}_output(const {n}_t *m, int i);

// Runs the golden input and compares every step with the oracle: 0, 1 + index of the first step
// that differs, 1 + the number of steps if only the states after two invokes do, or
// -ISEUL_E_NULL. Resets the state; overwrites inputs and outputs.
int {n}_selftest({n}_t *m);

// State back to its start; init does it too.
void {n}_reset({n}_t *m);

#ifdef __cplusplus
}}
#endif

#endif
"""


def init_signature(n: str) -> str:
    """Of <name>_init, without what ends it."""
    return declaration(f"int {n}_init({n}_t *m, void *arena,", "size_t arena_bytes)")


def _about(model: Model) -> str:
    n, u = model.name, model.upper
    words = f"({u}_ARENA_BYTES + 3) / 4" if model.plan.alignment == 4 else None
    unit = f"uint32_t arena[{words}]" if words else f"uint64_t arena[({u}_ARENA_BYTES + 7) / 8]"
    title = f'{n}: model "{printable(model.graph.name)}" for {model.target.name}, made by Iseul.'
    drops = (
        f"The linker drops {n}_selftest and its vectors where they are not called "
        "(-ffunction-sections -fdata-sections, -Wl,--gc-sections). Files and names of several "
        "models do not clash."
    )
    if model.about:
        title = f"{title}\n\n{model.about}"
    return f"""{comment(title)}
//
//   static {n}_t model;
//   static {unit};
//   {n}_init(&model, arena, sizeof arena);
//   ... write {n}_input(&model, 0) ...
//   {n}_invoke(&model);
//   ... read {n}_output(&model, 0) ...
//
// Build: cc -std=c99 -O2 -c *.c, all files of this folder; no heap, no libc but memcpy and memset.
{comment(drops)}"""


def _interface(stem: str, values: list[Value]) -> str:
    """Macros of the inputs or of the outputs; those without a number are of the first."""
    lines = [f"\n#define {stem.rpartition('_')[0]}_N_{stem.rpartition('_')[2]}S {len(values)}"]
    if values:
        lines.append(f"#define {stem}_BYTES {stem}_0_BYTES")
    for i, value in enumerate(values):
        kind = f"{value.dtype} {dims(value.shape)}"
        lines.append(comment(f"{i}: {printable(value.name)}, {kind}"))
        lines.append(f"#define {stem}_{i}_BYTES {value.n_bytes}")
        if value.quant is not None and not value.quant.per_channel:
            lines.append(f"#define {stem}_{i}_SCALE {literal(float(value.quant.scale[0]))}")
            lines.append(f"#define {stem}_{i}_ZERO_POINT ({value.quant.zero_point[0]})")
    return "\n".join(lines)


def private_header(model: Model, families: Sequence[str]) -> str:
    """<name>_private.h. families: the headers that declare the kernels."""
    n, u = model.name, model.upper
    tables = "\n".join(
        declaration(f"extern const {table.c_type}", f"{n}_{table.name}[{table.data.size}];")
        for table in model.constants.tables
    )
    steps = "\n".join(f"void {step.symbol}({n}_t *m);" for step in model.steps)
    kernels = "".join(f'#include "{name}"\n' for name in families)
    about = f"{n}: what the files of this model share; applications include {n}.h."
    return f"""{comment(about)}
#ifndef ISEUL_MODEL_{u}_PRIVATE_H
#define ISEUL_MODEL_{u}_PRIVATE_H

#include "{n}.h"
{kernels}
{tables}

{steps}

#endif
"""
