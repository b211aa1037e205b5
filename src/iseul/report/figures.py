# SPDX-License-Identifier: Apache-2.0
"""Figures as inline SVG, drawn by matplotlib from the facts; one px of the drawing is one CSS px.

Colours are drawn as fixed stand-ins and then replaced by the page's custom properties, so a
figure follows the light or dark scheme; text stays text in the page's font. The same facts
give the same bytes: no date, a fixed hash salt, ids made unique by the figure's name.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

from iseul.core.units import show_bytes, show_count, show_energy
from iseul.report.markup import Html, el
from iseul.report.tables import augmentation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iseul.report.read import Facts

# stand-in colour -> the page's custom property; the stand-ins are the light scheme's values
INK, MUTED, LINE = "#1b2624", "#566562", "#d8dfdc"
SERIES = ("#0f766e", "#4a6b9d", "#a8701a", "#8b5377", "#6b7b78", "#5f7d34")
_PROPERTIES = {INK: "--ink", MUTED: "--muted", LINE: "--line"} | {
    colour: f"--c{i + 1}" for i, colour in enumerate(SERIES)
}
_STYLE: Any = {  # matplotlib types the keys one by one
    "svg.fonttype": "none",
    "svg.hashsalt": "iseul",
    "font.family": "DejaVu Sans",  # measures only: the page's font draws the text
    "font.size": 12,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 1,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "lines.linewidth": 1.8,
    "patch.linewidth": 0,
}
WIDTH = 1036  # of a figure that fills the page's column
_PLAN_TOP = 1.14  # the memory plan's height over the arena's
_CHAR = 6.6  # width of a 12 px character in system fonts, for what fits into a box


def draw(facts: Facts) -> dict[str, Html]:
    """Every figure that the facts have data for, by name."""
    from matplotlib import rc_context

    flash, ram = facts["flash"], facts["ram"]
    training, matching = facts["training"], facts["condense"].get("series", [])
    judged = facts["condense"].get("networks", [])
    split_flash = [("constants", flash.get("constant_bytes")), ("code", flash.get("code_bytes"))]
    split_ram = [(part, ram.get(f"{part}_bytes")) for part in ("arena", "state", "stack")]
    with rc_context(_STYLE):
        drawn = {
            "loss": _curves(training, "loss", "loss", "epoch"),
            "accuracy": _curves(training, "accuracy", "accuracy", "epoch"),
            "lr": _curves(training, "lr", "lr", "epoch"),
            "match": _curves(matching, "loss", "match", "iteration"),
            "judged": _judged(judged, facts["condense"].get("unit", "accuracy")),
            "nodes": _node_bars(facts["nodes"]),
            "plan": _memory_plan(facts["plan"]),
            "flash": _split_bar(split_flash, "flash", "Flash"),
            "ram": _split_bar(split_ram, "ram", "RAM"),
            "energy": _interval(facts["energy"]),
        }
    return {name: figure for name, figure in drawn.items() if figure is not None}


def _figure(width: float, height: float) -> Figure:
    """A clear figure of a size in px: 72 px to the inch, so that 1 pt is 1 px."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width / 72, height / 72), layout="constrained", facecolor="none")


def _axes(figure: Figure, *grid: int, **options: Any) -> Any:
    axes = figure.subplots(*(grid or (1, 1)), squeeze=False, **options)
    for ax in axes.flat:
        ax.set_facecolor("none")
    return axes[0]


def _svg(figure: Figure, name: str, description: str) -> Html:
    """The figure as inline SVG whose accessible name is `description`."""
    buffer = io.StringIO()
    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(buffer, format="svg", metadata=metadata, transparent=True)
    return Html(inline_svg(buffer.getvalue(), name, description))


def inline_svg(text: str, name: str, description: str) -> str:
    """A matplotlib SVG file as an element for HTML: no prolog, no metadata, page colours."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = text.replace("xlink:href=", "href=")
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = text.replace('href="#', f'href="#{name}-').replace("url(#", f"url(#{name}-")
    for colour, prop in _PROPERTIES.items():
        text = text.replace(colour, f"var({prop})")
    text = re.sub(r"font: (\d+(?:\.\d+)?)px [^;\"]*", r"font-size: \1px", text)
    box = re.search(r'viewBox="([^"]+)"', text)
    assert box is not None, "matplotlib writes a viewBox"
    width, height = box[1].split()[2:]
    head = el(
        "svg",
        viewBox=box[1],
        width=f"{float(width):.0f}",
        height=f"{float(height):.0f}",
        role="img",
        aria_label=description,
    )
    body = text[text.index(">") + 1 :]
    return head.removesuffix("</svg>") + re.sub(r"\n\s*", "\n", body).strip()


# ---- curves --------------------------------------------------------------------------------


def _curves(series: Sequence[Facts], which: str, name: str, x_label: str) -> Html | None:
    """Lines of all keys that contain `which` ("loss", "accuracy", "lr"); None without any."""
    from matplotlib.ticker import MaxNLocator

    lines = [
        (f"{item['name']} {key}".strip(), values)
        for item in series
        for key, values in item["series"].items()
        if which in key.lower().split("_") or key.lower().endswith(which)
    ]
    if not lines:
        return None
    figure = _figure(330, 210)
    ax: Axes = _axes(figure)[0]
    for i, (label, values) in enumerate(lines[: len(SERIES)]):
        scale = 100 if which == "accuracy" else 1
        y = [float("nan") if value is None else scale * value for value in values]
        marker = "o" if len(values) <= 2 else ""
        ax.plot(range(1, len(y) + 1), y, color=SERIES[i], label=label, marker=marker, markersize=4)
    ax.set_xlabel(x_label)
    ax.set_title(
        {"accuracy": "accuracy, %", "lr": "learning rate"}.get(which, which),
        loc="left",
        fontsize=12,
        color=INK,
    )
    if len(lines[0][1]) == 1:
        ax.set_xlim(0.5, 1.5)  # a single epoch has no width to draw over
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.grid(visible=False, axis="x")
    if len(lines) > 1:
        ax.legend(frameon=False, fontsize=11)
    last = "; ".join(f"{label} ends at {_last(values)}" for label, values in lines)
    return _svg(figure, name, f"Line chart of {which} over {len(lines[0][1])} {x_label}s: {last}")


def _judged(networks: Sequence[Facts], unit: str) -> Html | None:
    """A dot per network, a row per set and learner; None where there is nothing to compare."""
    if len(networks) < 2:
        return None
    from matplotlib.ticker import MaxNLocator

    scale = 100 if unit == "accuracy" else 1
    names = list(dict.fromkeys(item["name"] for item in networks))
    columns = list(dict.fromkeys(item["column"] for item in networks))[: len(SERIES)]
    figure = _figure(WIDTH / 2, 70 + len(names) * (14 + 12 * len(columns)))
    ax: Axes = _axes(figure)[0]
    told = []
    for i, column in enumerate(columns):
        x: list[float] = []
        y: list[float] = []
        means, rows = [], []
        for item in networks:
            if item["column"] == column:
                row = names.index(item["name"]) + 0.8 * ((i + 0.5) / len(columns) - 0.5)
                own = [scale * score for score in item["scores"]]
                x, y = x + own, y + [row] * len(own)
                means.append(sum(own) / len(own))
                rows.append(row)
                told.append(f"{item['name']}, {augmentation(column)}: {means[-1]:.4g}")
        ax.scatter(x, y, 22, color=SERIES[i], alpha=0.45, label=augmentation(column))
        ax.scatter(means, rows, 110, marker="|", color=SERIES[i], linewidth=2)
    ax.set_yticks(range(len(names)), [_short(name, 34) for name in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", labelcolor=INK)
    ax.grid(visible=False, axis="y")
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.set_xlabel(f"test {unit}" + (", %" if unit == "accuracy" else ""))
    if len(columns) > 1:
        figure.legend(loc="outside upper left", ncols=len(columns), frameon=False, fontsize=11)
    return _svg(figure, "judged", "Scores of single networks; means: " + "; ".join(told))


def _last(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{known[-1]:.4g}" if known else "nothing"


# ---- nodes ---------------------------------------------------------------------------------


def _node_bars(nodes: Sequence[Facts], most: int = 40) -> Html | None:
    """Instructions and instructions per MAC of each node; the `most` largest if there are more."""
    known = [node for node in nodes if (node["instructions"] or 0) > 0]
    if not known:
        return None
    if len(known) > most:
        floor = sorted((n["instructions"] for n in known), reverse=True)[most - 1]
        known = [n for n in known if n["instructions"] >= floor][:most]
    ops = {op: SERIES[i % len(SERIES)] for i, op in enumerate(_by_weight(known))}
    figure = _figure(WIDTH, 76 + 22 * len(known))
    left, right = _axes(figure, 1, 2, sharey=True, width_ratios=[3, 1.3])
    figure.set_layout_engine("constrained", wspace=0.06)
    y = range(len(known))
    colours = [ops[node["op"]] for node in known]
    counts = [node["instructions"] for node in known]
    left.barh(y, counts, 0.68, color=colours)
    left.set_yticks(y, [_short(f"{node['index']}  {node['name']}", 30) for node in known])
    for i, node in enumerate(known):
        share = "" if node["share"] is None else f" · {100 * node['share']:.1f} %"
        said = show_count(node["instructions"]) + share
        _note(left, said, (node["instructions"], i), (5, 0), va="center", color=MUTED)
    left.set_xlim(0, 1.22 * max(counts))
    per_mac = [node["instructions_per_mac"] or 0 for node in known]
    right.barh(y, per_mac, 0.68, color=colours)
    for i, value in enumerate(per_mac):
        if value:
            _note(right, f"{value:.2f}", (value, i), (5, 0), va="center", color=MUTED)
    right.set_xlim(0, 1.25 * (max(per_mac) or 1))
    _finish_bars(left, right, len(known), ops)
    top = max(known, key=lambda node: node["instructions"])
    return _svg(
        figure,
        "nodes",
        f"Bar chart of instructions per node. Most in node {top['index']} {top['name']}: "
        f"{show_count(top['instructions'])}.",
    )


def _note(
    ax: Axes, said: str, at: tuple[float, float], shift: tuple[float, float], **style: Any
) -> None:
    """A small text, moved by (x, y) px from a point of the data."""
    style = {"fontsize": 11, "annotation_clip": False, **style}
    ax.annotate(said, at, xytext=shift, textcoords="offset points", **style)


def _by_weight(nodes: Sequence[Facts]) -> list[str]:
    """Ops by their sum of instructions, largest first: the first colour is the heaviest."""
    weight: dict[str, float] = {}
    for node in nodes:
        weight[node["op"]] = weight.get(node["op"], 0) + node["instructions"]
    return sorted(weight, key=lambda op: (-weight[op], op))


def _finish_bars(left: Axes, right: Axes, n: int, ops: Mapping[str, str]) -> None:
    from matplotlib.patches import Patch
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    left.set_ylim(n - 0.4, -0.6)
    for ax, title in ((left, "instructions"), (right, "instructions per MAC")):
        ax.set_title(title, loc="left", fontsize=12, color=INK)
        ax.grid(visible=False, axis="y")
        ax.spines["bottom"].set_visible(False)
        ax.xaxis.set_major_locator(MaxNLocator(4))
    left.xaxis.set_major_formatter(FuncFormatter(lambda value, _: show_count(value)))
    right.tick_params(labelleft=False)
    left.tick_params(axis="y", labelcolor=INK, labelsize=11.5)
    left.figure.legend(
        handles=[Patch(color=colour, label=op) for op, colour in ops.items()],
        loc="outside lower left",
        ncols=min(6, len(ops)),
        frameon=False,
        fontsize=11,
        labelcolor=MUTED,
        handlelength=1,
        handleheight=1,
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


# ---- memory --------------------------------------------------------------------------------


def _memory_plan(plan: Facts) -> Html | None:
    """Buffers of the arena as rectangles: steps from left to right, offset upward."""
    if not plan:
        return None
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    n_steps, arena = len(plan["live_bytes"]), plan["arena_bytes"]
    figure = _figure(WIDTH, 400)
    ax: Axes = _axes(figure)[0]
    kinds = {"input": SERIES[1], "value": SERIES[0], "scratch": SERIES[2]}
    scale_x, scale_y = 0.93 * WIDTH / n_steps, 290 / arena
    peak = plan["peak_step"]
    # a mark above the arena, not through it: lines across would read as more buffers
    ax.axvspan(peak - 0.5, peak + 0.5, ymin=1 / _PLAN_TOP, color=LINE)
    for buffer in plan["buffers"]:
        first = max(buffer["first_step"], 0)
        width, height = buffer["last_step"] - first + 1, buffer["n_bytes"]
        colour = kinds.get(buffer["kind"], SERIES[4])
        box = Rectangle(
            (first - 0.5 + 0.03, buffer["offset"]), width - 0.06, height,
            facecolor=colour, edgecolor=colour, alpha=0.30, linewidth=0,
        )  # fmt: skip
        ax.add_patch(box)
        ax.plot([first - 0.47, first - 0.53 + width], [buffer["offset"] + height] * 2,
                color=colour, linewidth=1.4, solid_capstyle="butt")  # fmt: skip
        _label_box(ax, buffer, (first, width), (scale_x, scale_y))
    ax.set_xlim(-0.5, n_steps - 0.5)
    ax.set_ylim(0, _PLAN_TOP * arena)
    _plan_lines(ax, plan)
    ax.grid(visible=False, axis="x")
    ax.xaxis.set_major_locator(MaxNLocator(min(n_steps, 24), integer=True))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: show_bytes(value)))
    ax.set_xlabel("step")
    _plan_legend(figure, plan["buffers"], kinds)
    return _svg(
        figure,
        "plan",
        f"Memory plan: {len(plan['buffers'])} buffers over {n_steps} steps in an arena of "
        f"{arena:,} bytes; the peak of {plan['live_bytes'][peak]:,} live bytes is at step {peak}"
        + (f", {plan['steps'][peak]}." if plan["steps"][peak] else "."),
    )


def _label_box(
    ax: Axes, buffer: Facts, span: tuple[float, float], scale: tuple[float, float]
) -> None:
    """The value's name inside its rectangle, upright or turned, where it fits."""
    first, width = span
    wide, high = width * scale[0], buffer["n_bytes"] * scale[1]
    name = buffer["name"]
    along, across = len(name) * _CHAR * 0.92, 13
    if along < wide - 6 and across < high:
        turn = 0
    elif along < high - 6 and across < wide:
        turn = 90
    else:
        return
    ax.text(
        first - 0.5 + width / 2, buffer["offset"] + buffer["n_bytes"] / 2, name,
        ha="center", va="center", fontsize=11, rotation=turn, color=INK,
    )  # fmt: skip


def _plan_lines(ax: Axes, plan: Facts) -> None:
    """Arena size, lower bound and peak step, each with its number."""
    arena, bound, peak = plan["arena_bytes"], plan["lower_bound_bytes"], plan["peak_step"]
    n_steps = len(plan["live_bytes"])
    ax.axhline(arena, color=INK, linewidth=1.2)
    # on the side where the peak is not, so that the texts do not meet
    at, ha, inward = (n_steps - 0.5, "right", -2) if peak < n_steps / 2 else (-0.5, "left", 4)
    same = bound is not None and bound == arena
    said = f"arena = lower bound = {arena:,} B" if same else f"arena {arena:,} B"
    _note(ax, said, (at, arena), (inward, 5), ha=ha, fontsize=12)
    if bound is not None and not same:
        ax.axhline(bound, color=SERIES[2], linewidth=1.4, linestyle=(0, (4, 3)))
        said = f"lower bound {bound:,} B"
        _note(ax, said, (at, bound), (inward, -5), ha=ha, va="top", fontsize=12, color=SERIES[2])
    side = "left" if peak < n_steps / 2 else "right"
    edge, shift = (peak + 0.5, 6) if side == "left" else (peak - 0.5, -6)
    live = f"peak: step {peak}, {plan['live_bytes'][peak]:,} B alive"
    _note(
        ax, live, (edge, (1 + _PLAN_TOP) / 2 * arena), (shift, 0), ha=side, va="center", color=MUTED
    )


def _plan_legend(figure: Figure, buffers: Sequence[Facts], kinds: Mapping[str, str]) -> None:
    from matplotlib.patches import Patch

    used = [kind for kind in kinds if any(b["kind"] == kind for b in buffers)]
    handles = [Patch(color=kinds[kind], alpha=0.5, label=kind) for kind in used]
    figure.legend(
        handles=handles, loc="outside lower left", ncols=len(handles), frameon=False,
        fontsize=11, labelcolor=MUTED, handlelength=1, handleheight=1,
    )  # fmt: skip


# ---- shares and intervals ------------------------------------------------------------------


def _split_bar(parts: Sequence[tuple[str, float | None]], name: str, title: str) -> Html | None:
    """One bar cut into parts in bytes, each labelled below it."""
    known = [(label, size) for label, size in parts if size is not None and size > 0]
    if not known:
        return None
    total = sum(size for _, size in known)
    figure = _figure(340, 46 + 19 * len(known))
    ax: Axes = _axes(figure)[0]
    left = 0.0
    for i, (_, size) in enumerate(known):
        ax.barh(0, size, 1, left=left, color=SERIES[i % len(SERIES)])
        left += size
    ax.set_xlim(0, total)
    ax.axis("off")
    from matplotlib.patches import Patch

    figure.legend(
        handles=[
            Patch(
                color=SERIES[i % len(SERIES)],
                label=f"{label} · {show_bytes(size)} · {100 * size / total:.0f} %",
            )
            for i, (label, size) in enumerate(known)
        ],
        loc="outside lower left",
        frameon=False,
        handlelength=1,
        handleheight=1,
        labelcolor=INK,
    )
    said = ", ".join(f"{label} {show_bytes(size)}" for label, size in known)
    return _svg(figure, name, f"{title}: {said}")


def _interval(energy: Facts) -> Html | None:
    """The modelled energy as an interval from 0, its middle marked."""
    if not energy or not 0 < energy["low"] <= energy["mid"] <= energy["high"]:
        return None
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    low, mid, high = energy["low"], energy["mid"], energy["high"]
    figure = _figure(340, 92)
    ax: Axes = _axes(figure)[0]
    ax.barh(0, high - low, 0.5, left=low, color=SERIES[0], alpha=0.3)
    ax.plot([mid, mid], [-0.38, 0.38], color=SERIES[0], linewidth=3)
    for value, ha, shift in ((low, "right", -6), (high, "left", 6)):
        _note(ax, show_energy(value), (value, 0), (shift, 0), ha=ha, va="center", color=MUTED)
    _note(ax, show_energy(mid), (mid, 0.4), (0, 3), ha="center", fontsize=12)
    ax.set_xlim(0, 1.3 * high)
    ax.set_ylim(-0.5, 1.1)
    ax.set_yticks([])
    ax.grid(visible=False)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: show_energy(value)))
    return _svg(
        figure,
        "energy",
        f"Modelled energy per inference between {show_energy(low)} and {show_energy(high)}, "
        f"most likely {show_energy(mid)}",
    )
