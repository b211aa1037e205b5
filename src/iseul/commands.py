# SPDX-License-Identifier: Apache-2.0
"""What the model commands of the command line do: one function each, returning their JSON."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np
from rich.table import Table

from iseul.compile import bounds_of, check_model, compile_graph, proven_passes, write_package
from iseul.core import registry
from iseul.core.artifact import write_bytes, write_json
from iseul.core.errors import DataError, UnsupportedError, UsageError
from iseul.core.units import show_bytes, show_count, show_energy
from iseul.graph.files import load_graph
from iseul.graph.interpret import check_inputs, interpret_samples
from iseul.graph.passes._order import run_passes
from iseul.targets import load_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.compile import Package
    from iseul.graph.ir import Graph
    from iseul.graph.stream import Streamed
    from iseul.numerics import Array
    from iseul.targets import Target

EMIT = "iseul.compile.emit"
Json = dict[str, Any]
Goal = Literal["speed", "ram", "flash"]


@dataclass(frozen=True)
class StreamOptions:
    """A model is to run frame by frame.

    axis: of the input that is time; None: the only one that can be
    hop:  input frames of an invoke; None: as few as possible
    """

    axis: int | None = None
    hop: int | None = None


def stream_options(stream: bool, axis: int | None, hop: int | None) -> StreamOptions | None:
    """What the options of a command say. Raises UsageError for details without `--stream`."""
    if not stream and (axis is not None or hop is not None):
        raise UsageError("--stream-axis and --stream-hop say how to stream", "--stream")
    return StreamOptions(axis, hop) if stream else None


def _streamed(graph: Graph, stream: StreamOptions) -> Streamed:
    from iseul.graph.stream import stream_graph

    return stream_graph(graph, stream.axis, stream.hop)


@dataclass(frozen=True)
class _Made:
    """A package, the graph as the file says it, and how it became a stream, if it did."""

    origin: Graph
    package: Package
    streamed: Streamed | None


def _package(
    path: Path,
    board: str,
    goal: str = "speed",
    without: Sequence[str] = (),
    stream: StreamOptions | None = None,
) -> _Made:
    """A model's package for a board. without: passes that are left out."""
    return _compile(load_graph(path), load_target(board), goal, without, stream)


def _compile(
    graph: Graph,
    target: Target,
    goal: str = "speed",
    without: Sequence[str] = (),
    stream: StreamOptions | None = None,
) -> _Made:
    if goal not in get_args(Goal):
        raise UsageError(f'--goal "{goal}"', "speed, ram or flash")
    made, shown = proven_passes(graph, target, without)
    streamed = _streamed(made, stream) if stream is not None else None
    package = compile_graph(
        streamed.graph if streamed is not None else made,
        target,
        goal=cast("Goal", goal),
        about=streamed.about() if streamed is not None else "",
        shown=shown,
    )
    return _Made(graph, package, streamed)


def _with_stream(value: Json, made: _Made) -> Json:
    """With the key `stream` where the package is one."""
    return value if made.streamed is None else {**value, "stream": made.streamed.summary()}


def compile_model(
    path: Path,
    board: str,
    goal: str,
    format_: str,
    out: Path | None,
    without: Sequence[str] = (),
    stream: StreamOptions | None = None,
) -> Json:
    """`iseul compile`: write the C of a model into a folder. without: passes that are left out."""
    registry.load(EMIT, format_)
    made = _package(path, board, goal, without, stream)
    package = made.package
    folder = out or Path("build") / f"{package.name}-{board}"
    write_package(package, folder)
    write_json(folder / "package.json", _with_stream(package.summary(), made))
    write_json(folder / "proofs.json", package.proofs())
    value = {
        "model": str(path),
        "target": board,
        "format": format_,
        "out": str(folder),
        "files": sorted(package.files),
        "arena_bytes": package.plan.arena_bytes,
        **bounds_of(package.plan),
        "kernels": {part.node: part.kernel for step in package.steps for part in step.parts},
        "fused": [
            {"nodes": list(step.nodes), "how": step.why}
            for step in package.steps
            if len(step.parts) > 1
        ],
        "n_proofs": len(package.shown),
        "notes": list(package.notes),
    }
    return _with_stream(value, made)


def stream_lines(stream: Json) -> list[str]:
    """How a network became a stream, for people."""
    n, hop, filled = (stream[k] for k in ("window_frames", "hop_frames", "filled_after_invokes"))
    share = stream["macs_per_invoke"] / max(1, stream["macs_per_window"])
    lines = [
        f"stream: {hop} of {n} frames per invoke along axis {stream['axis']}, "
        f"{stream['macs_per_invoke']:,} MACs ({100 * share:.1f} % of a window's); equal to the "
        f"network over windows: {stream['equal']}, filled after {filled} invokes"
    ]
    for output in stream["outputs"]:
        if output["of"] == "frames":
            delay = f", {output['delay_frames']} input frames late" * bool(output["delay_frames"])
            lines.append(f'output "{output["name"]}": {output["frames"]} frames per invoke{delay}')
    return lines


def compile_lines(value: Json) -> str:
    """What people read after `iseul compile`."""
    lines = [f"{len(value['files'])} files in {value['out']}"]
    lines += stream_lines(value["stream"]) if "stream" in value else []
    lines.append(f"arena {value['arena_bytes']:,} bytes ({_bounds(value)})")
    lines += [f"{one['how']}: {', '.join(one['nodes'])}" for one in value["fused"]]
    lines.append(f"{value['n_proofs']} proofs of shortcuts in proofs.json, all checked")
    return "\n".join([*lines, *(f"note: {note}" for note in value["notes"])])


def export_set(
    path: Path, format_: str, per_class: int | None, name: str | None, out: Path | None
) -> Json:
    """`iseul export`: write a condensed set in another format."""
    from iseul.condense import _export
    from iseul.condense._condensed import load_condensed

    if format_ not in _export.FORMATS:
        raise UsageError(f'--format "{format_}"', " or ".join(_export.FORMATS))
    if per_class is not None and per_class < 1:
        raise UsageError(f"--per-class {per_class}: must be at least 1")
    made = load_condensed(path, per_class)
    files = _export.FORMATS[format_](made, name or path.stem)
    folder = out or path.parent
    folder.mkdir(parents=True, exist_ok=True)
    for file, data in files.items():
        write_bytes(folder / file, data)
    return {
        "set": str(path),
        "format": format_,
        "out": str(folder),
        "files": sorted(files),
        "n_samples": len(made),
        "n_bytes": made.layout.payload_bytes,
        "bits": made.bits,
    }


def export_lines(value: Json) -> str:
    """What people read after `iseul export`."""
    return (
        f"{', '.join(value['files'])} in {value['out']}: {value['n_samples']} samples, "
        f"{value['n_bytes']:,} bytes at {value['bits']} bits"
    )


def _bounds(value: Json) -> str:
    """`lower bound 8,000, 9,000 if nothing overlapped; gap 1.20 %`, and what bands of rows save."""
    unfused = value["arena_unfused_bytes"]
    bands = f"; {unfused:,} without bands of rows" if unfused != value["arena_bytes"] else ""
    return (
        f"lower bound {value['arena_lower_bound_bytes']:,}, "
        f"{value['arena_lower_bound_apart_bytes']:,} if nothing overlapped; "
        f"gap {value['arena_gap_percent']:.2f} %{bands}"
    )


def read_inputs(graph: Graph, path: Path) -> list[Array]:
    """Arrays input_0, input_1, ... of an npz, checked against the graph's inputs."""
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [
                f"input_{i}" for i in range(len(graph.inputs)) if f"input_{i}" not in file.files
            ]
            if missing:
                raise DataError(
                    f"{path}: has {', '.join(file.files) or 'no arrays'}, "
                    f"must have {', '.join(missing)}",
                    "one array (n, *shape) per graph input: input_0, input_1, ...",
                )
            arrays = [file[f"input_{i}"] for i in range(len(graph.inputs))]
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, KeyError) as error:
        raise DataError(f"{path}: can not be read as npz: {error}") from None
    check_inputs(graph, arrays)
    if len({len(array) for array in arrays}) > 1:
        raise DataError(f"{path}: inputs have {[len(a) for a in arrays]} samples, must be as many")
    return arrays


def random_inputs(graph: Graph, n: int, seed: int) -> list[Array]:
    """Seeded random samples over the whole range of each input's dtype; floats are normal."""
    from iseul.device.verify import random_inputs as draw

    return draw(graph, n, seed)


def profile_model(
    path: Path,
    board: str,
    inputs: Path | None,
    compiler: str | None,
    goal: str,
    without: Sequence[str] = (),
    stream: StreamOptions | None = None,
) -> Json:
    """`iseul profile`: the JSON of the contract. without: passes that are left out."""
    from iseul.device.measure import profile_package

    if compiler not in (None, "gcc", "clang"):
        raise UsageError(f'--compiler "{compiler}"', "gcc or clang")
    made = _package(path, board, goal, without, stream)
    arrays = read_inputs(made.package.graph, inputs) if inputs is not None else None
    value = profile_package(made.package, arrays, compiler=compiler)
    return _with_stream({**value, "model": str(path)}, made)


def profile_table(value: Json) -> Table:
    """What people read after `iseul profile`."""
    ram, flash = value["ram"], value["flash"]
    energy = value["energy_uj"]
    stream = stream_lines(value["stream"]) if "stream" in value else []
    table = Table(
        title=f"{value['model']} on {value['target']} ({value['compiler']})",
        caption=(
            f"{value['instructions']:,} instructions (counted), {value['cycles_model']:,.0f} cycles"
            f" and {value['latency_ms_model']:.2f} ms (modelled), "
            + (f"{show_energy(energy['mid'])} (modelled)\n" if energy else "energy not known\n")
            + f"RAM: arena {ram['arena_bytes']:,} B ({_bounds(ram)}), "
            f"state {ram['state_bytes']:,}, stack {ram['stack_bytes']:,}\n"
            f"flash: code {show_bytes(flash['code_bytes'])}, "
            f"constants {show_bytes(flash['constant_bytes'])}"
            + "".join(f"\n{line}" for line in stream)
        ),
    )
    for name in ("node", "op", "shape", "kernel"):
        table.add_column(name)
    for name in ("MACs", "instructions", "share"):
        table.add_column(name, justify="right")
    table.add_column("why")
    total = max(1, value["instructions"])
    for node in value["nodes"]:
        parts = node.get("fused", [{**node, "node": node["name"]}])  # one line each
        table.add_row(
            "\n".join(part["node"] for part in parts),
            "\n".join(part["op"] for part in parts),
            "\n".join("x".join(map(str, part["shape"])) for part in parts),
            "\n".join(part["kernel"].removeprefix("iseul_") for part in parts),
            show_count(node["macs"]),
            f"{node['instructions']:,}",
            f"{100 * node['instructions'] / total:.1f} %",
            node["why"],
        )
    return table


def predict(
    path: Path,
    inputs: Path,
    outputs: Path,
    on: str,
    stateful: bool,
    stream: StreamOptions | None = None,
) -> Json:
    """`iseul predict`: outputs of a model on numpy, the host C or an emulated board.

    A stream is always stateful: samples are consecutive invokes.
    """
    graph = load_graph(path)
    if stream is not None:
        graph = _streamed(run_passes(graph, None), stream).graph
        stateful = True
    arrays = read_inputs(graph, inputs)
    results = _run_on(graph, on, arrays, stateful)
    _write_npz(outputs, {f"output_{i}": array for i, array in enumerate(results)})
    return {
        "model": str(path),
        "on": on,
        "n_inputs": len(arrays[0]) if arrays else 0,
        "outputs": str(outputs),
        "shapes": [list(array.shape) for array in results],
    }


def _run_on(graph: Graph, on: str, arrays: list[Array], stateful: bool) -> list[Array]:
    """Outputs (n, *shape). on: "numpy", "host" or a board."""
    if on == "numpy":
        return interpret_samples(graph, arrays, stateful=stateful).outputs
    from iseul.device import RUNNERS, runner_of

    board = load_target(on)
    package = _compile(graph, board).package
    module = registry.load(RUNNERS, runner_of(board))
    found: list[Array] = module.run(package, arrays, stateful=stateful).outputs
    return found


def _write_npz(path: Path, arrays: dict[str, Array]) -> None:
    import io

    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    if not path.parent.is_dir():
        raise UsageError(f"{path}: the folder {path.parent} does not exist", f"mkdir {path.parent}")
    write_bytes(path, buffer.getvalue())


def verify(
    path: Path,
    board: str,
    inputs: Path | None,
    n_random: int,
    seed: int,
    stateful: bool,
    stream: StreamOptions | None = None,
) -> Json:
    """`iseul verify`: the JSON of the contract."""
    from iseul.device.verify import verify_package

    made = _package(path, board, stream=stream)
    if made.streamed is not None:
        return {**_verify_stream(made, inputs, n_random, seed), "model": str(path)}
    graph, package = made.origin, made.package
    arrays = (
        read_inputs(graph, inputs) if inputs is not None else random_inputs(graph, n_random, seed)
    )
    verdict = verify_package(package, arrays, stateful=stateful, origin=graph)
    return {**verdict, "model": str(path)}


def _verify_stream(made: _Made, inputs: Path | None, n_random: int, seed: int) -> Json:
    """All judges on a stream, and the stream beside the network over windows.

    n_random: windows that hold frames of the stream only, where inputs are random
    """
    from iseul.device.verify import verify_package
    from iseul.graph.stream import compare_windows

    streamed = made.streamed
    assert streamed is not None
    graph, plan = made.package.graph, streamed.plan
    n = plan.filled * n_random if plan.since_reset else plan.filled - 1 + n_random
    arrays = read_inputs(graph, inputs) if inputs is not None else random_inputs(graph, n, seed)
    verdict = verify_package(made.package, arrays, stateful=True)
    windows = compare_windows(streamed, arrays[0], made.origin)
    return {
        **verdict,
        "equal": verdict["equal"] and windows["equal"],
        "stream": {**streamed.summary(), "windows": windows},
    }


def verify_against(
    path: Path, name: str, on: str, inputs: Path | None, n_random: int, seed: int
) -> Json:
    """`iseul verify --against`: the whole model beside another runtime.

    on: "numpy", "host" or a board: where our side is computed
    """
    from iseul.device.against import compare

    graph = load_graph(path)
    arrays = (
        read_inputs(graph, inputs) if inputs is not None else random_inputs(graph, n_random, seed)
    )
    value = compare(name, path, arrays, _run_on(graph, on, arrays, stateful=False))
    return {"model": str(path), "on": on, **value}


def against_lines(value: Json) -> str:
    """What people read after `iseul verify --against`."""
    from iseul.device.against import lines

    return f"{value['model']} on {value['on']}, beside {lines(value)}"


def verdict_lines(value: Json) -> str:
    """What people read after `iseul verify`."""
    judges = ", ".join(value["judges"])
    windows = value.get("stream", {}).get("windows")
    if windows and windows["equal"] is False:
        first = windows["first_difference"]
        return (
            f'output "{first["output"]}" of the stream differs from the network over windows at '
            f"invoke {first['invoke']}, index {first['index']}: expected {first['expected']}, "
            f"got {first['got']}"
        )
    if windows and value["equal"]:
        lines = [
            f"equal: {judges} agree on every value of {value['n_inputs']} invokes of the stream",
            f"equal: {windows['n_windows']} windows by the network over windows",
            *stream_lines(value["stream"]),
            f"SHA-256 of the outputs: {value['outputs_sha256']}",
        ]
        return "\n".join(lines)
    if value["equal"]:
        return (
            f"equal: {judges} agree on every value of {value['n_inputs']} samples\n"
            f"{value['proofs']['n']} proofs of shortcuts hold\n"
            f"SHA-256 of the outputs: {value['outputs_sha256']}"
        )
    first = value["first_difference"]
    return (
        f'{first["op"]} "{first["node"]}" is the first that differs: sample {first["input"]}, '
        f"index {first['index']}: expected {first['expected']}, got {first['got']}"
    )


def check(path: Path, board: str, stream: StreamOptions | None = None) -> Json:
    """`iseul check`: the JSON of the contract.

    A file whose reader refuses nodes is answered too: its blockers are the nodes, and bytes are
    None, since there is no graph to plan.
    """
    target = load_target(board)
    where = {"model": str(path), "target": board}
    try:
        graph = run_passes(load_graph(path), target)
        graph = _streamed(graph, stream).graph if stream is not None else graph
    except UnsupportedError as error:
        if not error.blockers:
            raise
        nodes = [
            {"name": b.name, "op": b.op, "supported": False, "reason": b.problem, "try": b.remedy}
            for b in error.blockers
        ]
        bounds = ("lower_bound_bytes", "lower_bound_apart_bytes", "gap_percent", "unfused_bytes")
        arena = (f"arena_{key}" for key in ("bytes", *bounds))
        keys = (*arena, "state_bytes", "constant_bytes")
        unknown = dict.fromkeys(keys)
        return {**where, "supported": False, "nodes": nodes, **unknown}
    return {**where, **check_model(graph, target)}


def check_table(value: Json) -> Table:
    """What people read after `iseul check`."""
    fits = "supported" if value["supported"] else "NOT supported"
    table = Table(
        title=f"{value['model']} on {value['target']}: {fits}",
        caption=(
            f"arena {value['arena_bytes']:,} bytes ({_bounds(value)}), "
            + (f"states {value['state_bytes']:,} bytes, " if value["state_bytes"] else "")
            + f"constants {value['constant_bytes']:,} bytes"
            if value["constant_bytes"] is not None
            else "only what stands in the way is listed; sizes are not known"
        ),
    )
    for name in ("node", "op", "", "reason", "try"):
        table.add_column(name)
    for node in value["nodes"]:
        mark = "yes" if node["supported"] else "NO"
        table.add_row(node["name"], node["op"], mark, node["reason"] or "", node["try"] or "")
    return table


MCU_PAGE = Path("docs") / "generated" / "mcu.md"


def bench_mcu(
    models: Sequence[str], boards: Sequence[str], n_inputs: int, page_to: Path | None = None
) -> tuple[Json, Table]:
    """`iseul bench mcu`: its JSON, and what people read.

    models:  words of names, boards: names; none: all, and then MCU_PAGE is written
    page_to: where the page goes instead, also of a part
    No page is written if a row is wrong.
    """
    from iseul.bench import corpus, mcu
    from iseul.bench._baseline import read_baseline
    from iseul.bench._mcu_page import page, table

    baseline, data = read_baseline(), corpus.data_folder()
    jobs, left = mcu.jobs_of(corpus.entries(data), baseline, models, boards)
    rows, failed = mcu.run(jobs, baseline, data, n_inputs)
    left = [*failed, *left]
    wrong = [f"{one.job}: {one.reason}" for one in left if one.is_wrong]
    if page_to is None and not models and not boards:
        page_to = MCU_PAGE
    if page_to is not None and not wrong:
        page_to.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(page_to, page(rows, left, baseline).encode())
    value = {
        "peer": baseline.peer,
        "rows": [row.as_json() for row in rows],
        "left_out": [{"row": str(one.job), "reason": one.reason} for one in left],
        "wrong": wrong,
        "page": str(page_to) if page_to is not None and not wrong else None,
    }
    return value, table(rows, left, baseline)


def report(run_dir: Path) -> Json:
    """`iseul report`: write the report of a finished run again."""
    from iseul.report import write_report

    if not (run_dir / "recipe.json").is_file():
        raise DataError(f"{run_dir}: is not the folder of a run (no recipe.json)", "iseul run")
    return {"report": str(write_report(run_dir))}
