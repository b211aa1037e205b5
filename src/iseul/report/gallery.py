# SPDX-License-Identifier: Apache-2.0
"""The condensed samples themselves, class by class and subset by subset, beside real ones.

Pictures as sheets, spectrograms as sheets with time to the right and sounds to play, series as
curves. Where the stage looked up the nearest real sample of each, it stands at the same place of
a second sheet, or as a grey curve behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.report.images import data_uri, sheet, stretched
from iseul.report.markup import Html, el, join
from iseul.report.read import as_object
from iseul.report.sound import front_of, player

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iseul.numerics import Array
    from iseul.report.read import Facts

_MOST = 100  # samples of a class that are shown
_MOST_CURVES = 20  # series of a class that are shown
_SOUNDS = 2  # per class: each is some 40 kB of page
_CELL = (150, 60)  # of a curve, px
_POINTS = 300  # of a curve; longer series are thinned out
_COLOURS = 6  # of the page, --c1 to --c6


def gallery(condense: Facts, arrays: Mapping[str, Array], near: Mapping[str, Array]) -> Html | None:
    """All classes; None without samples.

    arrays: x (n, H, W, C) uint8 to learn from, y, subset of condensed.dew
    near:   x of neighbours.npz: the nearest real sample of each, in the file's order
    """
    names = condense.get("classes")
    x, y, subset = arrays.get("x"), arrays.get("y"), arrays.get("subset")
    if names is None or x is None or y is None or x.ndim != 4 or len(x) != len(y):
        return None
    if x.dtype != np.uint8:
        return None
    real = near.get("x")
    if real is not None and (real.shape != x.shape or real.dtype != np.uint8):
        real = None
    kind = condense.get("kind")
    draw = _curves if kind == "series" else _pictures
    groups = []
    for i, name in enumerate(names):
        index = np.flatnonzero(y == i)
        if subset is not None and len(subset) == len(y):
            index = index[np.argsort(subset[index], kind="stable")]
        if len(index):
            groups.append((name, index))
    return draw(condense, x, real, groups)


def _pictures(
    condense: Facts, x: Array, real: Array | None, groups: Sequence[tuple[str, Array]]
) -> Html:
    sounding = condense.get("kind") == "spectrogram"
    front = front_of(as_object(condense.get("sound"))) if sounding else None
    shown_x, top = stretched(x)
    turned = [shown_x] if real is None else [shown_x, _to_top(real, top)]
    if sounding:  # (n, T, bands, 1): time to the right, low bands below
        turned = [each.transpose(0, 2, 1, 3)[:, ::-1] for each in turned]
    found, widest = [], 72
    for name, index in groups:
        some = index[:_MOST]
        pictures = []
        for each, what in zip(turned, ("condensed", "nearest real"), strict=False):
            picture, n = sheet(each[some])
            height, width = picture.shape[:2]
            widest = max(widest, width)
            alt = f"{n} {what} sample{'s' if n > 1 else ''} of class {name}"
            pictures.append(
                el(
                    "img",
                    src=data_uri(picture),
                    alt=alt,
                    width=width,
                    height=height,
                    loading="lazy",
                    title=what,
                )
            )
        note = name if len(some) == len(index) else f"{name}: {len(some)} of {len(index)} shown"
        sounds = _players(x[index[:_SOUNDS]], name, front)
        found.append(el("figure", el("figcaption", note), *pictures, *sounds, class_="sheet"))
    said = f"Each value enlarged; raw values 0 to {top} from black to white."
    if sounding:
        said += " Time runs to the right, high bands are above."
    if front is not None:
        said += (
            " Sounds are estimated from the bands (Griffin-Lim): phase and detail inside a band "
            "are not kept, so they are rough for real samples too."
        )
    if real is not None:
        said += " Below each sheet, place by place, the nearest real training sample of the class."
    sheets = el("div", *found, class_="sheets", style=f"--sheet:{widest}px")
    return join([el("p", said, class_="note"), sheets])


def _to_top(real: Array, top: int) -> Array:
    """Real samples in the grey scale of the condensed ones."""
    if top == 255:
        return real
    return np.minimum(real.astype(np.uint16) * 255 // top, 255).astype(np.uint8)


def _players(x: Array, name: str, front: Any) -> list[Html]:
    if front is None:
        return []
    found = []
    for i, sample in enumerate(x):
        uri = player(sample[..., 0], front)
        if uri is not None:
            said = f"condensed sample {i + 1} of class {name}"
            found.append(el("audio", controls="", src=uri, preload="none", aria_label=said))
    return found


def _curves(
    condense: Facts, x: Array, real: Array | None, groups: Sequence[tuple[str, Array]]
) -> Html:
    """(n, T, W, C) series: a small chart each, one line per W and C."""
    found = []
    top = max(1, int(x.max()))
    for name, index in groups:
        some = index[:_MOST_CURVES]
        charts = [_chart(x[k], None if real is None else real[k], top, name) for k in some]
        note = name if len(some) == len(index) else f"{name}: {len(some)} of {len(index)} shown"
        found.append(
            el(
                "figure",
                el("figcaption", note),
                el("div", *charts, class_="charts"),
                class_="sheet",
            )
        )
    said = f"Raw values from 0 to {top} over time."
    if real is not None:
        said += " Grey: the nearest real training sample of the class."
    sheets = el("div", *found, class_="sheets", style=f"--sheet:{2 * _CELL[0] + 16}px")
    return join([el("p", said, class_="note"), sheets])


def _chart(sample: Array, real: Array | None, top: int, name: str) -> Html:
    width, height = _CELL
    lines = []
    for source, colour in ((real, "var(--edge)"), (sample, None)):
        if source is None:
            continue
        series = source.reshape(len(source), -1)
        step = max(1, len(series) // _POINTS)
        for i, values in enumerate(series[::step].T):
            t = np.linspace(1, width - 1, len(values))
            v = (height - 2) * (1 - np.minimum(values / top, 1)) + 1
            points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(t, v, strict=True))
            stroke = colour or f"var(--c{i % _COLOURS + 1})"
            lines.append(
                el("polyline", points=points, fill="none", stroke=stroke, stroke_width="1.3")
            )
    return el(
        "svg",
        *lines,
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_label=f"condensed sample of class {name}",
    )
