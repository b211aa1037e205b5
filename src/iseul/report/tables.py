# SPDX-License-Identifier: Apache-2.0
"""Tables of the report: facts in, HTML tables out. Every table says how its numbers came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.core.units import show_bytes, show_count, show_energy, show_percent, show_seconds
from iseul.report.markup import Column, Html, bar, el, how, join, scroll, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from iseul.report.read import Facts

# words for columns that compression methods write
_LABELS = {
    "min": "smallest",
    "max": "largest",
    "low": "int8 from",
    "high": "int8 to",
    "sqnr_own_db": "SQNR own, dB",
    "zero_point": "zero point",
    "sqnr_db": "SQNR, dB",
    "saturation": "saturated",
    "n_bytes": "bytes",
    "dtype": "type",
}
# columns to read first; the others follow as the method wrote them
_FIRST = ("node", "name", "op", "sqnr_own_db", "sqnr_db", "saturation")


def show(value: float | int | None, unit: str) -> str:
    """A number with its unit as people read it; a dash for none."""
    if value is None:
        return "–"
    shown: dict[str, Callable[[float], str]] = {
        "bytes": show_bytes,
        "count": show_count,
        "share": show_percent,
        "ms": lambda ms: show_seconds(ms / 1000),
        "uj": show_energy,
    }
    return shown[unit](value) if unit in shown else f"{value:,.6g}"


def points(change: float | None) -> str:
    """A difference of accuracies in points, with its sign; nothing for none."""
    if change is None:
        return ""
    rounded = round(change, 2)
    return "±0.00" if rounded == 0 else f"{rounded:+.2f}".replace("-", "−")


def accuracy_table(rows: Sequence[Facts]) -> Html:
    """From float to the board: accuracy, and what each step changed."""
    n = rows[0]["n"]
    columns = [
        Column("model"),
        Column("accuracy", "number"),
        Column("change, points", "number", "against the row above"),
        Column("since float, points", "number"),
        Column("how obtained", "long"),
    ]
    cells = [
        [
            row["label"],
            show_percent(row["value"]),
            points(row["change_points"]),
            points(row["change_total_points"]),
            join([how(row["how"]), " ", el("span", _after(row["how"]), class_="muted")]),
        ]
        for row in rows
    ]
    where = f"Share of {n:,} test samples that get the right class" if n else "Accuracy"
    return table(f"{where}, step by step.", columns, cells)


def _after(said: str) -> str:
    """What stands behind the first colon: `measured: x` is shown as a tag and x."""
    return said.partition(": ")[2]


def confusion_table(facts: Facts) -> Html:
    """True class by predicted class; each row is shaded by its share of the row's samples."""
    names, counts = facts["classes"], facts["counts"]
    head = [el("th", "true ↓  predicted →", scope="col")]
    head += [el("th", name, scope="col", class_="number") for name in names]
    head.append(el("th", "recall", scope="col", class_="number"))
    body = []
    for i, row in enumerate(counts):
        total = sum(row) or 1
        cells = [_confusion_cell(count, count / total, i == j) for j, count in enumerate(row)]
        recall = facts["recall"][i]
        end = el("td", "–" if recall is None else show_percent(recall, 1), class_="number end")
        body.append(el("tr", el("th", names[i], scope="row"), *cells, end))
    caption = el(
        "caption",
        el(
            "span",
            f"Confusion of {facts['n']:,} test samples: row is the true class, column what the "
            "generated C answered. ",
            how(facts["how"]),
        ),
    )
    whole = el(
        "table", caption, el("thead", el("tr", *head)), el("tbody", *body), class_="confusion"
    )
    return scroll(whole, "confusion matrix, scrolls sideways")


def _confusion_cell(count: int, share: float, right: bool) -> Html:
    kind = "zero" if count == 0 else "right" if right else None
    # mistakes are few: shaded stronger, or they would not be seen beside the diagonal
    heat = 0.5 * share if right else min(0.5, 2.0 * share)
    return el("td", f"{count:,}", class_=kind, style=f"--h:{heat:.3f}" if count else None)


def confused_pairs(facts: Facts, most: int = 10) -> Html:
    """The most frequent mistakes, for tasks with too many classes for a matrix."""
    names = facts["classes"]
    pairs = [
        (count, i, j)
        for i, row in enumerate(facts["counts"])
        for j, count in enumerate(row)
        if i != j and count
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    columns = [Column("true class"), Column("answer"), Column("samples", "number")]
    rows = [[names[i], names[j], f"{count:,}"] for count, i, j in pairs[:most]]
    return table(f"The most frequent mistakes among {facts['n']:,} test samples.", columns, rows)


def budget_table(rows: Sequence[Facts]) -> Html:
    """Limits of the recipe, what was needed, and a bar of the share."""
    columns = [
        Column("budget"),
        Column("limit", "number"),
        Column("got", "number"),
        Column("used"),
        Column("verdict"),
        Column("how obtained"),
    ]
    cells, marked = [], []
    for row in rows:
        kind = "ok" if row["ok"] else "exceeded"
        word = "ok" if row["ok"] else "not reached" if row["name"] == "accuracy" else "exceeded"
        share = row["share"]
        used = share and el("span", f"{100 * share:.0f} %", bar(share, kind), class_="used")
        cells.append(
            [
                row["label"],
                show(row["limit"], row["unit"]),
                show(row["got"], row["unit"]),
                used,
                el("span", word, class_=f"state {kind}"),
                how(row["how"]),
            ]
        )
        marked.append("" if row["ok"] else "exceeded")
    return table("Limits that the recipe sets, and what the run needs.", columns, cells, marked)


def condense_table(rows: Sequence[Facts], unit: str = "accuracy") -> Html:
    """Scores of fresh nets per kind of augmentation, one row per set that was judged."""
    keys = list(dict.fromkeys(key for row in rows for key in row["by"]))
    columns = [Column("trained on")]
    columns += [Column(augmentation(key), "number") for key in keys]
    cells = [[row["name"], *(_mean(row["by"].get(key), unit) for key in keys)] for row in rows]
    between = any("seeds" in cell for row in rows for cell in row["by"].values())
    caption = join(
        [
            f"Test {unit} of fresh nets that saw only these samples, by training augmentation: "
            "mean ± standard deviation (number of nets"
            + ("; deviation between syntheses" if between else "")
            + "). All with hard labels, after the last step; baselines have as many bytes. ",
            how("measured"),
        ]
    )
    return table(caption, columns, cells)


def augmentation(key: str) -> str:
    """What a column of an evaluation is called."""
    return {"none": "no augmentation", "dsa": "DSA", "dsa_cutmix": "DSA + CutMix"}.get(key, key)


def _mean(cell: Facts | None, unit: str) -> str | None:
    if cell is None:
        return None
    share = unit == "accuracy"

    def shown(value: float) -> str:
        return f"{100 * value:.2f}" if share else f"{value:.4g}"

    spread = "" if cell["std"] is None else f" ± {shown(cell['std'])}"
    nets = "" if cell["n"] is None else f"{cell['n']:g}"
    if cell.get("std_seeds") is not None:
        nets += f"; {shown(cell['std_seeds'])}"
    return f"{shown(cell['mean'])}{spread}{' %' if share else ''}" + (f" ({nets})" if nets else "")


def node_table(nodes: Sequence[Facts]) -> Html:
    """Every executed node: what it computes, what it costs, which kernel runs it."""
    counted = any(node["instructions"] is not None for node in nodes)
    constants = any(node["constant_bytes"] is not None for node in nodes)
    columns = [
        Column("#", "number"),
        Column("node"),
        Column("op"),
        Column("output", "text", "shape of the output"),
        Column("MACs", "number", "multiply-accumulates, counted from the graph"),
    ]
    if counted:
        columns += [
            Column("instructions", "number", "counted on the emulated chip"),
            Column("instr/MAC", "number"),
            Column("share"),
        ]
    columns += [Column("constants", "number")] if constants else []
    columns.append(Column("kernel", "code"))
    rows = [_node_row(node, counted, constants) for node in nodes]
    said = "Nodes in the order in which they run, per inference. "
    tag = how("counted" if counted else "planned")
    return table(join([said, tag]), columns, rows, foot=_node_sum(nodes, counted, constants))


def _node_row(node: Facts, counted: bool, constants: bool) -> list[object]:
    shape = "×".join(str(size) for size in node["shape"]) if node["shape"] else None
    cells: list[object] = [node["index"], node["name"], node["op"], shape, _count(node["macs"])]
    if counted:
        share = node["share"]
        cells += [
            _count(node["instructions"]),
            None if node["instructions_per_mac"] is None else f"{node['instructions_per_mac']:.2f}",
            None
            if share is None
            else el("span", f"{100 * share:.1f} %", bar(share), class_="used"),
        ]
    if constants:
        cells.append(show(node["constant_bytes"] or None, "bytes"))
    return [*cells, _breakable(node["kernel"]) if node["kernel"] else None]


def _breakable(name: str) -> Html:
    """A long name that may go on in the next line after each underscore."""
    return Html(str(join([name])).replace("_", "_<wbr>"))


def _node_sum(nodes: Sequence[Facts], counted: bool, constants: bool) -> list[object]:
    macs = sum(node["macs"] or 0 for node in nodes)
    cells: list[object] = ["", "sum", "", "", _count(macs)]
    if counted:
        total = sum(node["instructions"] or 0 for node in nodes)
        cells += [_count(total), f"{total / macs:.2f}" if macs else None, ""]
    if constants:
        cells.append(show(sum(node["constant_bytes"] or 0 for node in nodes), "bytes"))
    return [*cells, ""]


def _count(n: float | None) -> str | None:
    return None if n is None else f"{n:,.0f}"


def memory_table(
    title: str, parts: Iterable[tuple[str, float | None, str]], total: float, board: float | None
) -> Html:
    """Parts in bytes with how each was obtained, their sum, and its share of the board."""
    columns = [Column("part"), Column("bytes", "number"), Column("how obtained")]
    rows = [[label, f"{size:,.0f}", how(said)] for label, size, said in parts if size is not None]
    share = f"{show_percent(total / board, 1)} of {show_bytes(board)}" if board else ""
    return table(title, columns, rows, foot=["sum", f"{total:,.0f}", share])


def plain_table(caption: object, rows: Sequence[Facts], skip: Iterable[str] = ("worst",)) -> Html:
    """Rows of a compression method with whatever columns it has; `worst` rows are marked."""
    left_out = set(skip)
    keys = [k for k in dict.fromkeys(key for row in rows for key in row) if k not in left_out]
    keys = [key for key in keys if any(row.get(key) not in (None, "") for row in rows)]
    if len({row.get("node") for row in rows}) == len(rows):
        keys = [key for key in keys if key != "name"]  # the node tells which value it is
    keys.sort(key=lambda key: _FIRST.index(key) if key in _FIRST else len(_FIRST))
    kinds = {
        key: "number"
        if any(isinstance(row.get(key), int | float) for row in rows)
        and not any(isinstance(row.get(key), bool) for row in rows)
        else "text"
        for key in keys
    }
    columns = [
        Column(_LABELS.get(key, key.replace("_", " ").replace("macs", "MACs")), kinds[key])
        for key in keys
    ]
    cells = [[_cell(key, row.get(key)) for key in keys] for row in rows]
    return table(caption, columns, cells, ["worst" if row.get("worst") else "" for row in rows])


def _cell(key: str, value: Any) -> object:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if key in ("saturation", "sparsity", "share") and 0 <= value <= 1:
        return show_percent(value)
    if key.endswith("_db"):
        return f"{value:.1f}"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def stage_table(stages: Sequence[Facts]) -> Html:
    """The artefacts: what made them and their hashes."""
    columns = [Column("stage"), Column("method"), Column("artefact SHA-256")]
    rows = [[row["stage"], row["method"], el("code", row["hash"], class_="hash")] for row in stages]
    return table("Artefacts of this run. The same recipe gives the same hashes.", columns, rows)
