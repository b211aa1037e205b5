# SPDX-License-Identifier: Apache-2.0
"""The page: one HTML file without any request, sections in the order of a reader's questions.

Does it work? What does it cost? Is it proven? Where does the cost come from? How was it made?
A section whose facts are missing is left out, from the page and from its list of contents.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from iseul.core.units import show_bytes, show_count, show_energy, show_percent, show_seconds
from iseul.report import tables
from iseul.report.gallery import gallery
from iseul.report.markup import Html, el, how, join
from iseul.report.tables import show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iseul.numerics import Array
    from iseul.report.read import Facts

    Figures = Mapping[str, Html]

_JUDGES = {
    "numpy": "numpy",
    "host": "the C on this computer",
    **dict.fromkeys(("cortex_m", "riscv", "qemu"), "the C on the emulated chip"),
}
_MATRIX_CLASSES = 40  # more rows than this are a wall: the worst pairs are listed in their place


def page(
    facts: Facts,
    figures: Figures,
    condensed: Mapping[str, Array],
    neighbours: Mapping[str, Array] | None = None,
) -> str:
    """The whole report.

    figures:   by name, as `figures.draw` gives them
    condensed: samples of condensed.dew; empty without
    neighbours: their nearest real samples, arrays of neighbours.npz
    """
    sections = [
        ("accuracy", "Accuracy", _accuracy(facts)),
        ("budgets", "Budgets", _budgets(facts)),
        ("proof", "Proof", _proof(facts)),
        ("time", "Time", _time(facts, figures)),
        ("memory", "Memory", _memory(facts, figures)),
        ("energy", "Energy", _energy(facts, figures)),
        ("condensed", "Condensed data", _condensed(facts, figures, condensed, neighbours or {})),
        ("training", "Training", _training(facts, figures)),
        ("pruning", "Pruning", _pruning(facts)),
        ("quantization", "Quantization", _quantization(facts)),
        ("warnings", "Notes", _warnings(facts)),
        ("again", "Make it again", _again(facts)),
    ]
    kept = [(key, title, body) for key, title, body in sections if body is not None]
    body = join(
        [
            _top(facts, [(key, title) for key, title, _ in kept]),
            el("main", *(_section(*section) for section in kept), _foot(facts)),
        ]
    )
    title = f"{facts['run']['name']} – Iseul report"
    head = join(
        [
            el("meta", charset="utf-8"),
            el("meta", name="viewport", content="width=device-width, initial-scale=1"),
            el("meta", name="color-scheme", content="light dark"),
            el("title", title),
            Html(f"<style>{_css()}</style>"),
        ]
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


def _css() -> str:
    return Path(__file__).with_name("style.css").read_text(encoding="utf-8")


def _section(key: str, title: str, body: Html) -> Html:
    return el(
        "section", el("h2", title, id=f"{key}-title"), body, id=key, aria_labelledby=f"{key}-title"
    )


def _figure(svg: Html | None, caption: object, fit: bool = False) -> Html | None:
    """A figure with its caption; wide ones scroll on narrow screens, `fit` ones shrink."""
    if svg is None:
        return None
    if fit:
        return el("figure", svg, el("figcaption", caption), class_="fit")
    inner = el(
        "div",
        svg,
        class_="scroll",
        tabindex=0,
        role="region",
        aria_label="figure, scrolls sideways",
    )
    return el("figure", inner, el("figcaption", caption))


# ---- head ----------------------------------------------------------------------------------


def _top(facts: Facts, contents: Sequence[tuple[str, str]]) -> Html:
    run = facts["run"]
    board = run["board"]
    said = [
        f"{run['model']} on {run['data']}" if run["model"] and run["data"] else run["data"],
        board.get("title") or board.get("name"),
        f"{board['clock_mhz']:g} MHz" if board.get("clock_mhz") else None,
        None if run["seed"] is None else f"seed {run['seed']}",
        "tiny settings: a test of the path, not of the method" if run["tiny"] else None,
    ]
    links = [el("li", el("a", title, href=f"#{key}")) for key, title in contents]
    return el(
        "header",
        el("p", "Iseul report", class_="brand"),
        el("h1", run["name"]),
        el("p", " · ".join(part for part in said if part), class_="facts"),
        _verdict(facts),
        _tiles(facts),
        el("nav", el("ul", *links), aria_label="sections"),
        class_="top",
    )


def _verdict(facts: Facts) -> Html:
    verdict = facts["verdict"]
    state = verdict["state"]
    if state == "unchecked":
        said = join([el("strong", "Not proven."), " No judge has compared the device in this run."])
        return el("p", el("span", said), class_="verdict unchecked")
    judges, n = _judges(verdict["judges"]), verdict["n_inputs"]
    on = f" on {n:,} inputs" if n is not None else ""
    if state == "proven":
        traced = verdict["n_traced"]
        every = traced is not None and traced == n
        what = "every value of every node" if every else "the outputs"
        agree = f" {judges[:1].upper() + judges[1:]} agree in {what}{on}"
        agree += ", and their output bytes are the same." if verdict["same_bytes"] else "."
        host = verdict["n_compared_host"]
        more = f" On all {host:,} test samples the C on this computer agrees too." if host else ""
        said = join([el("strong", "Proven equal."), agree, more])
    else:
        first = verdict["first_difference"] or {}
        at = f" First difference at node {first['node']}." if first.get("node") else ""
        said = join([el("strong", "Not equal."), f" Compared: {judges}{on}.{at}"])
    return el("p", el("span", said), class_=f"verdict {state}")


def _judges(names: Sequence[str]) -> str:
    said = [_JUDGES.get(name, name) for name in names]
    return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)


def _tiles(facts: Facts) -> Html | None:
    items = facts["headline"]
    if not items:
        return None
    tiles = []
    for item in items:
        beside = join([how(item["how"]), " ", _beside(item, facts) or ""])
        tiles.append(
            el(
                "div",
                el("dt", item["label"]),
                el("dd", show(item["value"], item["unit"]), class_="value"),
                el("dd", beside, class_="beside"),
                class_="tile",
            )
        )
    return el("dl", *tiles, class_="tiles")


def _beside(item: Facts, facts: Facts) -> str | None:
    """The second line of a tile: what puts its number in proportion."""
    name, board = item["name"], facts["run"]["board"]
    if name in ("flash", "ram") and board.get(f"{name}_bytes"):
        return f"{show_percent(item['value'] / board[f'{name}_bytes'], 1)} of the board"
    if name == "instructions" and facts["counts"]["instructions_per_mac"]:
        return f"{facts['counts']['instructions_per_mac']:.2f} per MAC"
    if name == "latency" and board.get("clock_mhz"):
        return f"at {board['clock_mhz']:g} MHz"
    if name == "energy":
        return f"{show_energy(item['low'])} to {show_energy(item['high'])}"
    row = next((r for r in facts["accuracy"] if f"{r['stage']}_accuracy" == name), None)
    if row is not None and row["change_total_points"] is not None:
        return f"{tables.points(row['change_total_points'])} points"
    return None


# ---- sections ------------------------------------------------------------------------------


def _accuracy(facts: Facts) -> Html | None:
    parts: list[object] = []
    if facts["accuracy"]:
        parts.append(tables.accuracy_table(facts["accuracy"]))
    confusion = facts["confusion"]
    if confusion:
        few = len(confusion["classes"]) <= _MATRIX_CLASSES
        build = tables.confusion_table if few else tables.confused_pairs
        parts += [el("h3", "Confusion"), build(confusion)]
    return join(parts) if parts else None


def _budgets(facts: Facts) -> Html | None:
    return tables.budget_table(facts["budgets"]) if facts["budgets"] else None


def _proof(facts: Facts) -> Html | None:
    verdict = facts["verdict"]
    if verdict["state"] == "unchecked":
        return None
    equal = verdict["state"] == "proven"
    word = "different" if not equal else "equal"
    if equal and verdict["same_bytes"]:
        word = "equal, bit for bit"
    traced, n = verdict["n_traced"], verdict["n_inputs"]
    passed = [judge for judge, code in verdict["selftests"].items() if code == 0]
    failed = [f"{judge} (code {code})" for judge, code in verdict["selftests"].items() if code]
    rows: list[tuple[str, object]] = [
        ("verdict", el("span", word, class_=f"state {'ok' if equal else 'bad'}")),
        ("judges", _judges(verdict["judges"])),
        ("inputs", _exact(n)),
        ("of them, all values of all nodes", _exact(traced)),
        ("self-test passed on", ", ".join(passed)),
        ("self-test failed on", ", ".join(failed)),
        ("SHA-256 of all outputs", el("code", verdict["outputs_sha256"], class_="hash")),
        ("how obtained", join([how(verdict["how"]), " ", verdict["how"].partition(": ")[2]])),
    ]
    host = verdict["n_compared_host"]
    if host:
        said = f"{host:,} test samples: outputs of the C built for this computer, all equal"
        rows.insert(4, ("whole test set", said))
    first = verdict["first_difference"]
    if first:
        rows += [(f"first difference, {key}", str(value)) for key, value in first.items()]
    lead = (
        "A judge is an independent way to run the same graph: the numpy meaning of each op, the "
        "generated C on this computer, and the generated C on the emulated chip."
    )
    return join([el("p", lead, class_="lead"), _plain(rows)])


def _plain(rows: Sequence[tuple[str, object]]) -> Html:
    """Name and value in two columns; rows without a value are left out."""
    pairs = [(el("dt", name), el("dd", value)) for name, value in rows if value not in (None, "")]
    return el("dl", *(part for pair in pairs for part in pair), class_="plain")


def _time(facts: Facts, figures: Figures) -> Html | None:
    if not facts["nodes"] and not facts["counts"]:
        return None
    counts, latency, board = facts["counts"], facts["latency"], facts["run"]["board"]
    parts: list[object] = []
    if latency:
        cycles = latency["cycles"]
        clock = f" at {board['clock_mhz']:g} MHz" if board.get("clock_mhz") else ""
        from_cycles = f": {show_count(cycles)} cycles{clock}" if cycles is not None else ""
        parts.append(
            el(
                "p",
                f"Latency {show_seconds(latency['ms'] / 1000)} per inference{from_cycles}. ",
                how("modelled"),
                " The cycles follow from the counted instructions and a timing table of the core; "
                "no board was timed.",
            )
        )
    rows = [
        ("instructions per inference", _exact(counts.get("instructions"))),
        ("between inputs", _range(counts.get("range"))),
        ("multiply-accumulates (MACs)", _exact(counts.get("macs"))),
        ("counted by", counts.get("runner")),
        ("source of the timings", latency.get("source")),
        ("compiler", counts.get("compiler")),
    ]
    parts.append(_plain(rows))
    parts.append(
        _figure(
            figures.get("nodes"),
            "Instructions of each node, and how many it spends on one multiply-accumulate. "
            "Colour is the op. Counted on the emulated chip.",
        )
    )
    if facts["nodes"]:
        parts.append(tables.node_table(facts["nodes"]))
    return join(parts)


def _range(span: Facts | None) -> str | None:
    """Smallest and largest count over the inputs; nothing if there was only one."""
    if not span or None in span.values() or span["n_inputs"] < 2:
        return None
    return f"{span['min']:,} to {span['max']:,} over {span['n_inputs']:,} inputs, mean above"


def _exact(value: float | None) -> str | None:
    return None if value is None else f"{value:,.0f}"


def _memory(facts: Facts, figures: Figures) -> Html | None:
    ram, flash, board = facts["ram"], facts["flash"], facts["run"]["board"]
    if not ram and not flash:
        return None
    boxes: list[object] = []
    if ram:
        painted = ram["how"]
        parts = [
            ("arena: activations and scratch", ram["arena_bytes"], painted),
            ("state between invokes", ram["state_bytes"], "planned"),
            ("stack, deepest", ram["stack_bytes"], "measured by painting the stack"),
        ]
        shown = tables.memory_table("RAM.", parts, ram["total_bytes"], board.get("ram_bytes"))
        beside = _beside_ram(ram)
        boxes.append(
            el("div", shown, beside, _figure(figures.get("ram"), "Where the RAM goes.", fit=True))
        )
    if flash:
        parts = [
            ("constants: weights, biases, tables", flash["constant_bytes"], "counted"),
            ("code", flash["code_bytes"], "counted"),
        ]
        shown = tables.memory_table("Flash.", parts, flash["total_bytes"], board.get("flash_bytes"))
        boxes.append(
            el("div", shown, _figure(figures.get("flash"), "Where the flash goes.", fit=True))
        )
    return join([el("div", *boxes, class_="pair"), _plan(facts, figures)])


def _beside_ram(ram: Facts) -> Html | None:
    """What the paint showed, and small things that lie outside the sum."""
    said = []
    touched, arena = ram["arena_touched_bytes"], ram["arena_bytes"]
    if touched is not None:
        inside = "nothing behind it" if touched <= arena else "and so BEHIND ITS END"
        said.append(f"Paint: the run wrote up to byte {touched:,} of {arena:,}, {inside}.")
    small = [("handle", ram["model_bytes"]), ("static variables", ram["static_bytes"])]
    parts = [f"{name} {size:,.0f} B" for name, size in small if size]
    if parts:
        said.append(f"Beside the sum: {', '.join(parts)}.")
    return el("p", " ".join(said), class_="note") if said else None


def _plan(facts: Facts, figures: Figures) -> Html | None:
    plan = facts["plan"]
    if not plan:
        return None
    bound, arena = plan["lower_bound_bytes"], plan["arena_bytes"]
    if bound:
        over = 100 * (arena / bound - 1)
        close = "equal to it" if arena == bound else f"{over:.1f} % above it"
        said = f" No plan can be smaller than the lower bound of {bound:,} B; this one is {close}."
    else:
        said = ""
    peak = plan["peak_step"]
    node = f" ({plan['steps'][peak]})" if plan["steps"][peak] else ""
    caption = (
        f"The arena over time: each rectangle is a buffer, as long as it is alive and as high as "
        f"it is large. Most is alive at step {peak}{node}.{said} Planned before the program runs."
    )
    return join([el("h3", "Memory plan"), _figure(figures.get("plan"), caption)])


def _energy(facts: Facts, figures: Figures) -> Html | None:
    energy = facts["energy"]
    if not energy:
        return None
    said = el(
        "p",
        f"One inference takes about {show_energy(energy['mid'])}, between "
        f"{show_energy(energy['low'])} and {show_energy(energy['high'])}: ",
        how("modelled"),
        " modelled, not measured. It is the modelled cycle count times published energy per "
        "cycle; the interval spans what different set-ups of such a board have published.",
    )
    source = _plain([("source", energy["source"])])
    caption = "Energy per inference: the band is the interval, the line its middle."
    return join([said, _figure(figures.get("energy"), caption, fit=True), source])


def _condensed(
    facts: Facts, figures: Figures, arrays: Mapping[str, Array], near: Mapping[str, Array]
) -> Html | None:
    condense = facts["condense"]
    if not condense:
        return None
    share = condense["share_of_real"]
    ipc, n, bits = condense.get("ipc"), condense["n_samples"], condense["bits"]
    factor, network = condense["factor"], condense["upsampler_bytes"]
    coded = ", in arithmetic coding" if condense["coding"] == "arithmetic" else ""
    rows = [
        ("method", condense["method"]),
        ("samples", None if n is None else f"{n:,}" + (f", {ipc} per class" if ipc else "")),
        ("parts of a stored sample, per axis", factor if factor != 1 else None),
        ("enlarged by", f"a network of {show_bytes(network)}" if network else None),
        ("size", _size(condense)),
        ("bits of a stored value", None if bits is None else f"{bits:g}{coded}"),
        ("share of the training set", None if share is None else show_percent(share)),
    ]
    parts: list[object] = [_plain(rows)]
    if condense["accuracy"]:
        parts.append(tables.condense_table(condense["accuracy"], condense["unit"]))
        caption = (
            "A dot is one network, the line their mean: sets whose dots mix are not told apart."
        )
        parts.append(_figure(figures.get("judged"), caption, fit=True))
        parts.append(_scores(condense["scores"]))
    if condense["leakage"]:
        parts += [el("h3", "What the samples show of the real ones"), _leakage(condense["leakage"])]
    pictures = gallery(condense, arrays, near)
    if pictures is not None:
        parts += [el("h3", "The samples themselves"), pictures]
    caption = "Distance between the gradients (or features) of real and synthetic samples."
    parts.append(_figure(figures.get("match"), caption, fit=True))
    return join(parts)


def _size(condense: Facts) -> str | None:
    size, whole = condense["n_bytes"], condense["file_bytes"]
    if size is None:
        return None
    return show_bytes(size) + (f", {show_bytes(whole)} with the header" if whole else "")


def _scores(scores: Facts) -> Html | None:
    """DD-Ranking's numbers, those that were computed."""
    if not scores:
        return None
    said = [
        ("ior", "gain over a random draw (IOR)", "points"),
        ("hlr", "behind the whole training set (HLR)", "points"),
        ("lrs", "label-robust score (LRS)", "0 to 1"),
        ("ars", "augmentation-robust score (ARS)", "0 to 1"),
    ]
    rows: list[tuple[str, object]] = []
    for key, title, unit in said:
        value = scores.get(key)
        if value is not None:
            shown = f"{100 * value:+.2f} points" if unit == "points" else f"{value:.3f} of 1"
            rows.append((title, shown))
    note = (
        "Scores of DD-Ranking (arXiv 2505.13300). The last two are on its scale, on which no gain "
        "and no distance give 0.269."
    )
    return join([_plain(rows), el("p", note, class_="note")]) if rows else None


def _leakage(leakage: Facts) -> Html:
    rows: list[tuple[str, object]] = []
    for key, title in (("pixels", "raw values"), ("embedding", "features of a network")):
        said = leakage.get(key)
        if said:
            rows.append(
                (
                    f"nearest real sample, in {title}",
                    f"{said['ratio_min']:.2f} to the nearest, {said['ratio_median']:.2f} in the "
                    f"median, of the usual distance between real neighbours; held-out real samples "
                    f"{said['held_out_ratio_median']:.2f}",
                )
            )
            rows.append(
                (f"near copies, in {title}", f"{said['n_copies']:,.0f} of {said['n']:,.0f}")
            )
    for who, title in (("members", "all training samples"), ("exposed", "the nearest ones")):
        said = leakage.get(who)
        if said:
            text_ = " and ".join(
                f"{said[how_]['auc']:.3f} ± {said[how_]['error']:.3f} by {word}"
                for how_, word in (("loss", "loss"), ("calibrated", "calibrated loss"))
                if how_ in said
            )
            rows.append((f"membership test, {title}", f"area under the curve {text_}"))
    note = (
        f"Measured by two simple attacks; not a guarantee. A near copy is closer to a real sample "
        f"than {leakage['copy_below']:g} of the usual distance. An area of 0.5 is chance: networks "
        f"that learned from the set do not tell training samples from held-out ones by this test; "
        f"a stronger test may."
    )
    return join([_plain(rows), el("p", note, class_="note")])


def _training(facts: Facts, figures: Figures) -> Html | None:
    shown = [figures[name] for name in ("loss", "accuracy", "lr") if name in figures]
    if not shown:
        return None
    caption = (
        "Per epoch: mean loss, share right on the training batches as they were augmented, last "
        "learning rate. Measured during training."
    )
    return el(
        "figure",
        el("div", *(el("div", svg, class_="fit") for svg in shown), class_="curves"),
        el("figcaption", caption),
    )


def _pruning(facts: Facts) -> Html | None:
    rows = facts["pruning"]
    if not rows:
        return None
    return tables.plain_table(join(["What was cut from each layer. ", how("counted")]), rows)


def _quantization(facts: Facts) -> Html | None:
    rows = facts["quantization"]
    if not rows:
        return None
    n = sum(1 for row in rows if row["worst"])
    lead = el(
        "p",
        "Ranges seen on the calibration samples, and what the integers cover: real = scale × "
        "(q\u00a0−\u00a0zero\u00a0point). SQNR is the power of the signal over that of the error, "
        "more is better; “own” counts the rounding of this value alone.",
        f" Marked: the {n} to look at first, lowest in SQNR or more than 1 % saturated."
        if n
        else "",
        class_="lead",
    )
    said = join(["Per value, on calibration samples. ", how("measured")])
    return join([lead, tables.plain_table(said, rows)])


def _warnings(facts: Facts) -> Html | None:
    found = facts["warnings"]
    if not found:
        return None
    lead = "What was done another way than asked for, or is worth knowing."
    lines = [el("li", el("b", f"{row['stage']}: "), row["line"]) for row in found]
    return join([el("p", lead, class_="lead"), el("ul", *lines, class_="notes")])


def _again(facts: Facts) -> Html:
    again = facts["reproduce"]
    rows: list[object] = [el("p", "RUN stands for the folder of this run.", class_="lead")]
    text = "\n".join(f"# {row['makes']}\n{row['command']}" for row in again["commands"])
    rows.append(el("pre", el("code", text), tabindex=0))
    seed = facts["run"]["seed"]
    versions = ", ".join(f"{name} {said}" for name, said in again["versions"].items())
    rows.append(_plain([("seed", None if seed is None else f"{seed}"), ("versions", versions)]))
    if facts["stages"]:
        rows.append(tables.stage_table(facts["stages"]))
    if again["recipe_toml"]:
        recipe = el("pre", el("code", again["recipe_toml"]), tabindex=0)
        title = "The resolved recipe, every default filled in (report/recipe.toml)"
        rows.append(el("details", el("summary", title), recipe))
    return join(rows)


def _foot(facts: Facts) -> Html:
    meanings = [
        part
        for name, said in facts["how"].items()
        for part in (el("dt", how(name)), el("dd", said))
    ]
    return el(
        "footer",
        el("p", "How each number was obtained:"),
        el("dl", *meanings, class_="plain"),
        el("p", "All numbers of this page, machine-readable: report.json beside it."),
    )
