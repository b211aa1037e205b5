# SPDX-License-Identifier: Apache-2.0
"""C99: one model as readable sources, with the runtime kernels that it uses.

<name>.h           the interface          <name>_weights.c   tables, named after their nodes
<name>.c           one function per step  <name>_golden.c    the self-test
<name>_private.h   shared by the three    iseul*.h, .c     the runtime
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from iseul.compile.emit import _c_header as header
from iseul.compile.emit._c_bands import KEEP_ROWS, inside, keeps_rows, step_of_bands
from iseul.compile.emit._c_golden import golden_source
from iseul.compile.emit._c_model import common_type
from iseul.compile.emit._c_node import described, with_names
from iseul.compile.emit._c_text import (
    comment,
    declaration,
    dims,
    glued,
    grid,
    initialiser,
    numbers,
    printable,
    wrap,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iseul.compile.emit._c_model import Model
    from iseul.graph.ir import Node, Value

RUNTIME = Path(__file__).parents[2] / "runtime"
ALWAYS = ("iseul_crc32",)  # the self-test
_INCLUDE = re.compile(r'^#include "(iseul\w*\.h)"', re.MULTILINE)


def emit(model: Model) -> dict[str, str]:
    """File name -> text."""
    n = model.name
    runtime = runtime_files(model)
    families = [name for name in runtime if name.endswith(".h") and name != "iseul.h"]
    return {
        f"{n}.h": header.public_header(model),
        f"{n}_private.h": header.private_header(model, families),
        f"{n}.c": source(model),
        f"{n}_weights.c": weights(model),
        f"{n}_golden.c": golden_source(model),
        **runtime,
    }


def runtime_files(model: Model) -> dict[str, str]:
    """The kernels that the steps call, and the headers that these include."""
    symbols = {kernel for step in model.steps for kernel in step.kernels} | set(ALWAYS)
    if any(keeps_rows(fused) for fused in model.lowered.fused):
        symbols.add(KEEP_ROWS)
    for card in model.lowered.cards.values():
        symbols.update(card.calls)
    if any(name not in model.golden.exact for name in model.graph.outputs):
        symbols.add("iseul_is_close_f32")
    files = {f"{symbol}.c": _runtime_text(f"{symbol}.c") for symbol in sorted(symbols)}
    return {**{name: _runtime_text(name) for name in included(files.values())}, **files}


def included(sources: Iterable[str]) -> tuple[str, ...]:
    """The runtime's headers that sources include, also through one another; iseul.h first."""
    found = {"iseul.h"}
    waiting = list(sources)
    while waiting:
        for name in _INCLUDE.findall(waiting.pop()):
            if name not in found:
                found.add(name)
                waiting.append(_runtime_text(name))
    return tuple(sorted(found))


@cache
def _runtime_text(name: str) -> str:
    return (RUNTIME / name).read_text(encoding="utf-8")


def weights(model: Model) -> str:
    """<name>_weights.c."""
    parts = [f'// {model.name}_weights.c: constants.\n#include "{model.name}_private.h"\n']
    for table in model.constants.tables:
        specifiers = f"ISEUL_CONSTANT ISEUL_TABLE const {table.c_type}"
        rest = f"{model.name}_{table.name}[{table.data.size}] = {{"
        parts.append(
            f"{comment(table.comment)}\n"
            f"{declaration(specifiers, rest)}\n{numbers(table.data)}\n}};\n"
        )
    return "\n".join(parts)


def source(model: Model) -> str:
    """<name>.c."""
    nodes = model.lowered.steps
    steps = "\n".join(_step(model, i, node) for i, node in enumerate(nodes))
    return f"""{_overview(model)}
#include <string.h>

#include "{model.name}_private.h"

{steps}
{_interface(model)}"""


def _overview(model: Model) -> str:
    rows = [("step", "node", "op", "output", "kernel", "MACs")]
    rows += [
        (str(i), printable(part.node), part.op, dims(part.shape), part.kernel, f"{part.macs:,}")
        for i, step in enumerate(model.steps)
        for part in step.parts
    ]
    places = [("offset", "bytes", "steps", "buffer")]
    buffers = [
        *model.plan.buffers,
        *(b for fused in model.lowered.fused for b in inside(model, fused)),
    ]
    places += [
        (f"{b.offset:,}", f"{b.n_bytes:,}", f"{b.first_step}-{b.last_step}", printable(b.name))
        for b in sorted(buffers, key=lambda b: (b.first_step, b.offset))
    ]
    plan = model.plan
    return f"""// {model.name}.c: model "{printable(model.graph.name)}".
//
{grid(rows, name=1)}
//
// Arena: {plan.arena_bytes:,} bytes (lower bound {plan.lower_bound_bytes:,}).
//
{grid(places, name=3)}"""


def _step(model: Model, i: int, node: Node) -> str:
    if node.name in model.lowered.groups:
        return step_of_bands(model, i, model.lowered.groups[node.name])
    step, card = model.steps[i], model.lowered.cards[node.name]
    fields = with_names(model, model.constants.params[node.name])
    passed = [node.inputs[k] for k in card.passed(node.attrs, model.graph.io(node))]
    inputs = [glued(model.address(name, const=True)) for name in passed]
    outputs = [glued(model.address(name, const=False)) for name in node.outputs]
    arrays = ""
    if card.arrays == "in":
        arrays, inputs = _array("const void *const in[]", inputs), ["in"]
    elif card.arrays == "out":
        arrays, outputs = _array("void *const out[]", outputs), ["out"]
    arguments = ["&p", *inputs, *outputs]
    scratch = f"{node.name} scratch"
    arguments += [
        glued(f"ISEUL_AT(void, m->arena, {buffer.offset})")
        for buffer in model.plan.buffers
        if buffer.name == scratch and buffer.kind == "scratch"
    ]
    call = "\n".join(wrap([f"{card.symbol}({', '.join(arguments)});"], "  "))
    return f"""{comment(described(model, i, node))}
ISEUL_NOINLINE void {step.symbol}({model.name}_t *m) {{
{initialiser(f"ISEUL_CONSTANT static const {card.params} p =", fields, "  ")}
{arrays}{call}
}}
"""


def _array(head: str, pointers: Sequence[str]) -> str:
    """An array of pointers, one a line."""
    lines = [f"  {head} = {{", *wrap([f"{pointer}," for pointer in pointers], "      "), "  };"]
    return "\n".join(lines) + "\n"


def _interface(model: Model) -> str:
    n, u, graph = model.name, model.upper, model.graph
    inputs, outputs = model.values(graph.inputs), model.values(graph.outputs)
    runs = "\n".join(
        f"  {step.symbol}(m);\n  ISEUL_TRACE(m, {i});{_next_states(model, i)}"
        for i, step in enumerate(model.steps)
    )
    return f"""{header.init_signature(n)} {{
  if (m == NULL) {{
    return ISEUL_E_NULL;
  }}
  m->arena = NULL;
  if (arena == NULL) {{
    return ISEUL_E_NULL;
  }}
  if (arena_bytes < {u}_ARENA_BYTES) {{
    return ISEUL_E_SIZE;
  }}
  if ((uintptr_t)arena % {u}_ARENA_ALIGN != 0) {{
    return ISEUL_E_ALIGN;
  }}
  m->arena = arena;
  {n}_reset(m);
  return ISEUL_OK;
}}

void {n}_reset({n}_t *m) {{
{_reset(model)}
}}

{_pointer(model, inputs, "input", const=False)}

{_pointer(model, outputs, "output", const=True)}

int {n}_invoke({n}_t *m) {{
  if (m == NULL || m->arena == NULL) {{
    return ISEUL_E_NULL;
  }}
{runs}
  return ISEUL_OK;
}}
"""


def _pointer(model: Model, values: Sequence[Value], what: str, const: bool) -> str:
    n = model.name
    kind = ("const " if const else "") + common_type(values)
    cases = "\n".join(
        f"    case {i}:  // {printable(value.name)}\n"
        f"      return {model.address(value.name, const)};"
        for i, value in enumerate(values)
    )
    model_type = f"const {n}_t" if const else f"{n}_t"
    return f"""{kind} *{n}_{what}({model_type} *m, int i) {{
  if (m == NULL || m->arena == NULL) {{
    return NULL;
  }}
  switch (i) {{
{cases}
    default:
      return NULL;
  }}
}}"""


def _reset(model: Model) -> str:
    lines = []
    for state in model.graph.states:
        value = model.graph.values[state.value]
        to = f"state + {model.state_offsets[state.value]}"
        if state.value in model.constants.initial:
            table = f"{model.name}_{model.constants.initial[state.value]}"
            lines.append(f"  memcpy({to}, {table}, {value.n_bytes});")
        else:
            lines.append(f"  memset({to}, 0, {value.n_bytes});")
    if not lines:
        return "  (void)m;  // this model has no state"
    return "\n".join(["  uint8_t *const state = (uint8_t *)m->state;", *lines])


def _next_states(model: Model, step: int) -> str:
    """What becomes a state behind a step: no later one reads what the state was."""
    lines = []
    for state in model.graph.states:
        if model.plan.commits.get(state.value) != step:
            continue
        value = model.graph.values[state.value]
        at, end = model.plan.offset_of(state.next), model.state_offsets[state.value]
        copy = f"memcpy((uint8_t *)m->state + {end}, m->arena + {at}, {value.n_bytes});"
        lines.append(f"\n  {copy}")
    return "".join(lines)
