# SPDX-License-Identifier: Apache-2.0
"""What a target can not do with a graph, and what it takes at least; in milliseconds, before
training. Bytes come from the code that plans and emits, so they are exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.emit._c_constants import collect, unsupported_bytes
from iseul.compile.emit._c_model import state_layout
from iseul.compile.lower import try_lower
from iseul.core.errors import BudgetError

if TYPE_CHECKING:
    from iseul.compile._package import Package
    from iseul.compile.plan import Plan
    from iseul.graph.ir import Graph
    from iseul.targets import Target


def check_model(graph: Graph, target: Target) -> dict[str, Any]:
    """Per node whether the target can run it, with reason and remedy; bytes it takes at least.

    Of nodes that are not supported, scratch is not counted and constants as the graph has them.
    """
    lowered = try_lower(graph, target, "speed")
    plan = lowered.plan()
    blocked = {blocker.node.name: blocker for blocker in lowered.blockers}
    nodes = [
        {
            "name": node.name,
            "op": node.op,
            "supported": node.name not in blocked,
            "reason": blocked[node.name].reason if node.name in blocked else None,
            "try": (blocked[node.name].remedy or None) if node.name in blocked else None,
        }
        for node in lowered.graph.nodes
    ]
    return {
        "supported": not blocked,
        "nodes": nodes,
        "arena_bytes": plan.arena_bytes,
        **bounds_of(plan),
        "state_bytes": state_layout(lowered.graph)[1],
        "constant_bytes": collect(lowered).n_bytes + unsupported_bytes(lowered),
    }


def bounds_of(plan: Plan) -> dict[str, Any]:
    """Both lower bounds of an arena, how far it is above the one that counts, and what it would
    be if no nodes ran by bands of rows.
    """
    return {
        "arena_lower_bound_bytes": plan.lower_bound_bytes,
        "arena_lower_bound_apart_bytes": plan.apart_bound_bytes,
        "arena_gap_percent": plan.gap_percent,
        "arena_unfused_bytes": plan.unfused_bytes or plan.arena_bytes,
    }


def check_fits(package: Package, target: Target) -> None:
    """Raise BudgetError if arena and state exceed the RAM, or the constants the flash.

    Code and stack come on top; the linker and the profile count them.
    """
    ram = package.plan.arena_bytes + package.state_bytes
    if ram > target.ram_bytes:
        state = f" and state {package.state_bytes:,}" if package.state_bytes else ""
        raise BudgetError(
            f"arena needs {package.plan.arena_bytes:,} bytes{state}, {target.name} has "
            f"{target.ram_bytes:,} ({peak_of(package)}).",
            "[train] width = 0.5, a smaller input, or a board with more RAM",
        )
    if package.constant_bytes > target.flash_bytes:
        raise BudgetError(
            f"constants need {package.constant_bytes:,} bytes, {target.name} has "
            f"{target.flash_bytes:,} ({_heaviest(package)}).",
            "[train] width = 0.5, prune channels, or a board with more flash",
        )


def peak_of(package: Package) -> str:
    """`peak at node 14 "add_3": 98,304 in + 98,304 out + 115,840 scratch`."""
    plan, steps = package.plan, package.steps
    step = max(range(len(steps)), key=lambda i: _live_bytes(plan, i))
    nodes = [n for n in package.graph.nodes if n.name in steps[step].nodes]
    reads = {plan.homes.get(name) for node in nodes for name in node.inputs}
    node = nodes[-1]
    parts = []
    for buffer in plan.live_at(step):
        role = "waiting"
        if buffer.kind == "scratch":
            role = "scratch"
        elif buffer.name in node.outputs:
            role = "out"
        elif buffer.name in reads:
            role = "in"
        parts.append(f"{buffer.n_bytes:,} {role}")
    return f'peak at node {step} "{node.name}": {" + ".join(parts)}'


def _live_bytes(plan: Plan, step: int) -> int:
    return sum(buffer.n_bytes for buffer in plan.live_at(step))


def _heaviest(package: Package) -> str:
    def size(i: int) -> int:
        node = package.graph.nodes[i]
        return sum(v.n_bytes for v in package.graph.io(node).inputs if v.is_constant)

    i = max(range(len(package.graph.nodes)), key=size)
    return f'most in node {i} "{package.graph.nodes[i].name}": {size(i):,}'
