# SPDX-License-Identifier: Apache-2.0
"""The report: says what the artefacts say, is one file, reads well, and survives bad folders."""

from __future__ import annotations

import base64
import copy
import io
import json
import re
import shutil
import subprocess
import sys
import tomllib
import wave
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from iseul.core.errors import DataError
from iseul.data._log_mel import FrontEnd, log_mel
from iseul.report import render_report, summary_table, write_report
from iseul.report.facts import collect
from iseul.report.facts_device import plan as plan_facts
from iseul.report.gallery import gallery
from iseul.report.html import page
from iseul.report.images import data_uri, sheet, stretched
from iseul.report.read import STAGES, Run, read_run
from iseul.report.reproduce import recipe_toml
from iseul.report.sound import audible
from unit import _fake_run

VOID = {"img", "br", "meta", "hr", "wbr"}
SECTIONS = {
    "accuracy",
    "budgets",
    "proof",
    "time",
    "memory",
    "energy",
    "condensed",
    "training",
    "pruning",
    "quantization",
    "warnings",
    "again",
}


class Page(HTMLParser):
    """A page as a list of (tag, attributes, text inside it), checked for balance."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[int] = []
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.parents: list[int | None] = []
        self.feed(text)
        assert not self.open, [self.elements[i][0] for i in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        self.parents.append(self.open[-1] if self.open else None)
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        self.parents.append(self.open[-1] if self.open else None)

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.open[-1]][0] == tag, (self.elements[self.open[-1]], tag)
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for i in self.open:
            self.elements[i][2].append(data)

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attrs, "".join(text)) for name, attrs, text in self.elements if name == tag]

    def inside(self, tag: str, ancestor: str) -> list[bool]:
        """For each element of a tag, whether it lies in an ancestor of that tag."""
        found = []
        for i, (name, _, _) in enumerate(self.elements):
            if name == tag:
                at = self.parents[i]
                while at is not None and self.elements[at][0] != ancestor:
                    at = self.parents[at]
                found.append(at is not None)
        return found

    def sections(self) -> set[str | None]:
        return {attrs["id"] for attrs, _ in self.all("section")}


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _fake_run.write_fake_run(tmp_path_factory.mktemp("run") / "image")


@pytest.fixture(scope="module")
def files(run_dir: Path) -> dict[str, str]:
    return dict(render_report(run_dir))


@pytest.fixture(scope="module")
def html(files: dict[str, str]) -> Page:
    return Page(files["report.html"])


@pytest.fixture(scope="module")
def facts(files: dict[str, str]) -> dict:
    return json.loads(files["report.json"])


# ---- the numbers ---------------------------------------------------------------------------


def test_json_has_the_numbers_of_the_artefacts(facts: dict) -> None:
    profile, arrays = _fake_run.profile(), _fake_run.predictions()
    headline = {item["name"]: item for item in facts["headline"]}
    assert headline["float_accuracy"]["value"] == 0.9175
    right = float((arrays["device"] == arrays["y"]).mean())
    assert headline["device_accuracy"]["value"] == right
    assert headline["instructions"]["value"] == profile["instructions"]
    assert headline["flash"]["value"] == sum(profile["flash"].values())
    assert headline["ram"]["value"] == profile["ram"]["arena_bytes"] + 392
    assert headline["energy"]["low"] < headline["energy"]["value"] < headline["energy"]["high"]
    assert all(item["how"] for item in facts["headline"])


def test_accuracy_changes_are_points_against_the_row_above(facts: dict) -> None:
    rows = facts["accuracy"]
    assert [row["stage"] for row in rows] == ["float", "compact", "int8", "device"]
    assert rows[0]["change_points"] is None
    assert rows[1]["change_points"] == pytest.approx(100 * (0.9145 - 0.9175))
    assert rows[3]["change_points"] == 0
    assert rows[3]["change_total_points"] == pytest.approx(100 * (rows[3]["value"] - 0.9175))


def test_confusion_counts_every_sample(facts: dict) -> None:
    confusion, arrays = facts["confusion"], _fake_run.predictions()
    counts = np.array(confusion["counts"])
    assert counts.sum() == len(arrays["y"])
    assert counts[3, 2] == ((arrays["y"] == 3) & (arrays["device"] == 2)).sum()
    assert confusion["recall"][4] == counts[4, 4] / counts[4].sum()
    assert confusion["classes"] == _fake_run.CLASSES


def test_node_facts(facts: dict) -> None:
    nodes = facts["nodes"]
    assert sum(node["share"] for node in nodes) == pytest.approx(1)
    assert nodes[0]["instructions_per_mac"] == nodes[0]["instructions"] / nodes[0]["macs"]
    assert nodes[7]["instructions_per_mac"] is None  # an add has no MACs


def test_plan_counts_shared_bytes_once() -> None:
    plan = {"arena_bytes": 30, "lower_bound_bytes": 20, "buffers": []}
    for name, offset, n_bytes, first, last in (("a", 0, 20, 0, 1), ("b", 0, 20, 1, 2)):
        plan["buffers"].append(
            {
                "name": name,
                "offset": offset,
                "n_bytes": n_bytes,
                "first_step": first,
                "last_step": last,
                "kind": "value",
            }
        )
    made = plan_facts(Run(files={"package": {"plan": plan, "steps": []}}))
    assert made["live_bytes"] == [20, 20, 20]  # in place at step 1


def test_worst_values_are_marked(facts: dict, html: Page) -> None:
    worst = [row["name"] for row in facts["quantization"] if row["worst"]]
    assert "block3/depthwise" in worst  # lowest SQNR of its own, and 2.4 % saturated
    assert "stem" not in worst
    marked = [text for attrs, text in html.all("tr") if attrs.get("class") == "worst"]
    assert len(marked) == len(worst)
    assert marked[0].startswith("block3/depthwise")


def test_broken_budget_is_shown_as_broken(facts: dict, html: Page) -> None:
    assert {row["name"]: row["ok"] for row in facts["budgets"]}["latency_ms"] is False
    marked = [text for attrs, text in html.all("tr") if attrs.get("class") == "exceeded"]
    assert len(marked) == 1
    assert "exceeded" in marked[0]


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        ({}, "proven", "Proven equal."),
        (
            {"equal": False, "first_difference": {"node": "pool", "expected": 3, "got": 4}},
            "different",
            "First difference at node pool.",
        ),
        ({"equal": "yes"}, "unchecked", "Not proven."),
    ],
)
def test_verdict(run_dir: Path, tmp_path: Path, change: dict, state: str, words: str) -> None:
    folder = shutil.copytree(run_dir, tmp_path / "run")
    verify = json.loads((folder / "device/verify.json").read_text())
    (folder / "device/verify.json").write_text(json.dumps({**verify, **change}))
    run = read_run(folder)
    made = Page(page(collect(run), {}, {}))
    (verdict,) = [
        (attrs, text)
        for attrs, text in made.all("p")
        if (attrs.get("class") or "").startswith("verdict")
    ]
    assert verdict[0]["class"] == f"verdict {state}"
    assert words in verdict[1]


def test_arena_is_painted_only_if_the_paint_was_read(run_dir: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(run_dir, tmp_path / "run")
    assert collect(read_run(folder))["ram"]["how"] == "planned + painted"
    profile = _fake_run.profile()
    del profile["ram"]["arena_touched_bytes"]
    (folder / "device/profile.json").write_text(json.dumps(profile))
    assert collect(read_run(folder))["ram"]["how"] == "planned"


# ---- the page ------------------------------------------------------------------------------


def test_all_sections_are_there_and_linked(html: Page) -> None:
    assert html.sections() == SECTIONS
    links = {attrs["href"] for attrs, _ in html.all("a")}
    assert links == {f"#{name}" for name in SECTIONS}


def test_page_makes_no_request(files: dict[str, str], html: Page) -> None:
    loading = ("src", "href", "srcset", "action", "data", "poster", "background", "xlink:href")
    for tag, attrs, _ in html.elements:
        assert tag not in ("script", "link", "iframe", "object", "base")
        for name in loading:
            value = attrs.get(name)
            assert value is None or value.startswith(("#", "data:image/png;base64,")), (tag, value)
    text = files["report.html"]
    assert "@import" not in text
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", text))
    assert "http://" not in text  # no namespace or doctype of a figure is left either


def test_ids_are_unique_and_references_resolve(html: Page) -> None:
    ids = [attrs["id"] for _, attrs, _ in html.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs, _ in html.elements:
        for name in ("href", "aria-labelledby"):
            value = (attrs.get(name) or "").removeprefix("#")
            assert not value or value in ids
        for target in re.findall(r"url\(#([^)]*)\)", " ".join(str(v) for v in attrs.values())):
            assert target in ids


def test_page_is_accessible(html: Page) -> None:
    assert len(html.all("h1")) == 1
    assert html.all("html")[0][0]["lang"] == "en"
    assert len(html.all("table")) == len(html.all("caption")) > 8
    assert all(attrs.get("scope") in ("col", "row") for attrs, _ in html.all("th"))
    assert all(attrs.get("alt") for attrs, _ in html.all("img"))
    assert len(html.all("figure")) == len(html.all("figcaption"))
    for attrs, _ in html.all("svg"):
        assert attrs["role"] == "img"
        assert len(attrs["aria-label"] or "") > 20
    assert all(html.inside("svg", "figure"))
    assert all(html.inside("table", "div"))


def test_figures_use_the_colours_of_the_page(files: dict[str, str]) -> None:
    svgs = re.findall(r"<svg.*?</svg>", files["report.html"], re.DOTALL)
    assert len(svgs) == 10
    for svg in svgs:
        assert not re.findall(r"#[0-9a-f]{6}\b", svg)
        assert "var(--" in svg


def _contrast(a: str, b: str) -> float:
    """WCAG 2.1 contrast ratio of two #rrggbb colours."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_has_contrast_in_both_schemes(files: dict[str, str]) -> None:
    css = re.search(r"<style>(.*?)</style>", files["report.html"], re.DOTALL)
    assert css is not None
    schemes = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", block))
        for block in re.findall(r":root \{(.*?)\n *\}", css[1], re.DOTALL)
    ][:2]
    assert len(schemes) == 2
    for colours in schemes:
        for text in ("ink", "muted", "accent", "ok", "bad"):
            assert _contrast(colours[text], colours["paper"]) >= 4.5, text
        assert _contrast(colours["muted"], colours["panel"]) >= 4.5
        for state in ("ok", "bad"):
            assert _contrast(colours[state], colours[f"{state}-soft"]) >= 4.5
        for i in range(1, 7):  # WCAG 1.4.11: graphics need 3
            assert _contrast(colours[f"c{i}"], colours["paper"]) >= 3


def test_text_from_artefacts_is_escaped(run_dir: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(run_dir, tmp_path / "run")
    evil = '<script>alert("x")</script>&amp;'
    for path in folder.rglob("*.json"):
        text = path.read_text().replace("block3/depthwise", evil.replace('"', '\\"'))
        path.write_text(text.replace('"image"', json.dumps(evil)))
    text = render_report(folder)["report.html"]
    assert "<script" not in text
    assert evil in " ".join(words for _, words in Page(text).all("th"))


def test_same_artefacts_same_bytes(tmp_path: Path, files: dict[str, str]) -> None:
    other = _fake_run.write_fake_run(tmp_path / "elsewhere", seconds=99.9)
    assert dict(render_report(other)) == files


def test_write_report(run_dir: Path, tmp_path: Path, files: dict[str, str]) -> None:
    folder = shutil.copytree(run_dir, tmp_path / "run")
    path = write_report(folder)
    assert path == folder / "report" / "report.html"
    for name, text in files.items():
        assert (folder / "report" / name).read_text(encoding="utf-8") == text
    assert write_report(folder, tmp_path / "draft") == tmp_path / "draft" / "report.html"


def test_report_loads_no_torch(run_dir: Path) -> None:
    code = (
        "import sys, pathlib; from iseul.report import render_report;"
        "render_report(pathlib.Path(sys.argv[1])); print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(run_dir)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


# ---- condensed samples ---------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "colours"), [((8, 8, 1), 1), ((6, 9, 3), 3), ((5, 4, 2), 1)])
def test_sheet_shows_every_pixel_as_a_square(shape: tuple[int, int, int], colours: int) -> None:
    from matplotlib.image import imread

    x = np.random.default_rng(0).integers(0, 256, (7, *shape), np.uint8)
    picture, shown = sheet(x)
    assert shown == 7
    raw = base64.b64decode(data_uri(picture).partition(",")[2])
    decoded = np.rint(255 * imread(io.BytesIO(raw), format="png")).astype(np.uint8)
    flat = np.concatenate([x[..., c : c + 1] for c in range(2)], 2) if shape[2] == 2 else x
    factor = 56 // max(flat.shape[1:3])
    height, width = factor * flat.shape[1], factor * flat.shape[2]
    for i, sample in enumerate(flat):
        top, left = i // 5 * (height + 4), i % 5 * (width + 4)
        cell = decoded[top : top + height, left : left + width]
        want = sample.repeat(factor, 0).repeat(factor, 1)
        assert np.array_equal(cell[..., :colours], want)
        assert (cell[..., -1] == 255).all()
    assert (decoded[..., -1] == 0).any()  # the gaps are clear


@pytest.mark.parametrize(
    ("top", "white", "middle"), [(16, 16, 127), (255, 255, 8), (128, 255, 8), (0, 255, 0)]
)
def test_few_levels_are_stretched_to_white(top: int, white: int, middle: int) -> None:
    x = np.array([0, min(8, top), top], np.uint8).reshape(1, 1, 3, 1)
    shown, at = stretched(x)
    assert at == white
    assert shown.ravel().tolist() == [0, middle, 255 if white < 255 else top]


def test_one_picture_per_class(html: Page) -> None:
    alts = [attrs["alt"] for attrs, _ in html.all("img")]
    assert alts == [
        f"10 {what} samples of class {name}"
        for name in _fake_run.CLASSES
        for what in ("condensed", "nearest real")
    ]


def test_condensed_accuracy_stands_beside_baselines(facts: dict, html: Page) -> None:
    rows = facts["condense"]["accuracy"]
    assert [row["name"] for row in rows] == [
        "subset_match",
        "subset_match, resnet",
        "random",
        "whole training set, 20 epochs",
    ]
    assert rows[0]["by"]["dsa"] == {"mean": 0.957, "std": 0.003, "n": 5}
    assert any("95.70 ± 0.30 % (5)" in text for _, text in html.all("td"))


def test_every_network_is_a_dot(facts: dict, files: dict[str, str]) -> None:
    networks = facts["condense"]["networks"]
    names = ["subset_match", "subset_match, resnet", "random"]
    columns = ["none", "dsa", "dsa_cutmix"]
    assert [(each["name"], each["column"]) for each in networks] == [
        *((name, column) for name in names for column in columns),
        ("whole training set", "none"),
    ]
    assert networks[0]["scores"] == pytest.approx([0.938, 0.938, 0.942, 0.946, 0.946])
    assert "subset_match, resnet, DSA + CutMix: 89.41" in files["report.html"]
    parts = re.findall(r'<g id="judged-PathColl.*?\n</g>', files["report.html"], re.DOTALL)
    drawn = [part.count("<use") for part in parts]
    assert drawn == [16, 4, 15, 3, 15, 3, 1, 1, 1]  # dots and means of each column; the legend


def test_one_judgement_is_not_drawn(run_dir: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(run_dir, tmp_path / "run")
    rows = [{"set": "own", "network": "convnet", "column": "none", "score": s} for s in (0.5, 0.6)]
    (folder / "condense/scores.json").write_text(json.dumps([*rows, 7, {"set": "own"}]))
    made = render_report(folder)
    (one,) = json.loads(made["report.json"])["condense"]["networks"]
    assert one == {"name": "subset_match", "column": "none", "scores": [0.5, 0.6]}
    assert "judged-" not in made["report.html"]


def test_scores_and_leakage_are_told_as_measurements(facts: dict, html: Page) -> None:
    condense = facts["condense"]
    assert condense["scores"] == {"hlr": 0.049, "lrs": 0.271, "ars": 0.297, "ior": 0.061}
    assert "embedding" not in condense["leakage"]
    said = " ".join(text for _, text in html.all("dd"))
    assert "8, in arithmetic coding" in said and "a network of 761 B" in said
    assert "3 of 100" in said and "+6.10 points" in said and "0.297 of 1" in said
    assert "area under the curve 0.512 ± 0.018 by loss" in said
    assert any("not a guarantee" in text for _, text in html.all("p"))


def a_gallery(kind: str, shape: tuple[int, ...], near: bool, **facts: object) -> Page:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (4, *shape), np.uint8)
    arrays = {"x": x, "y": np.array([0, 1, 0, 1]), "subset": np.array([1, 0, 0, 1])}
    shown = gallery(
        {"classes": ["yes", "no"], "kind": kind, **facts},
        arrays,
        {"x": x[:, ::-1]} if near else {},
    )
    assert shown is not None
    return Page(f"<div>{shown}</div>")


def test_series_are_curves_before_their_neighbours() -> None:
    page = a_gallery("series", (40, 1, 2), near=True)
    charts = [attrs["aria-label"] for attrs, _ in page.all("svg")]
    assert charts == [f"condensed sample of class {c}" for c in ("yes", "yes", "no", "no")]
    strokes = [attrs["stroke"] for attrs, _ in page.all("polyline")]
    assert strokes == ["var(--edge)", "var(--edge)", "var(--c1)", "var(--c2)"] * 4
    points = [pair.split(",") for pair in (page.all("polyline")[2][0]["points"] or "").split()]
    assert len(points) == 40
    assert all(0 <= float(a) <= 150 and 0 <= float(b) <= 60 for a, b in points)
    assert not a_gallery("series", (900, 1, 1), near=False).all("img")


FRONT = FrontEnd(16_000)


def test_spectrograms_lie_and_sound() -> None:
    page = a_gallery("spectrogram", (49, 40, 1), near=True, sound=asdict(FRONT))
    alts = [attrs["alt"] for attrs, _ in page.all("img")]
    assert alts[:2] == ["2 condensed samples of class yes", "2 nearest real samples of class yes"]
    assert all(int(attrs["width"] or 0) > int(attrs["height"] or 0) for attrs, _ in page.all("img"))
    players = page.all("audio")
    assert len(players) == 4
    data = base64.b64decode((players[0][0]["src"] or "").partition(",")[2])
    with wave.open(io.BytesIO(data)) as sound:
        assert sound.getframerate() == 16_000 and sound.getsampwidth() == 2
        assert sound.getnframes() == 480 + 48 * 320
    for lacking in ({}, {"rate": 16_000}, asdict(FRONT) | {"n_bands": 39}):
        assert not a_gallery("spectrogram", (49, 40, 1), near=False, sound=lacking).all("audio")


@pytest.mark.parametrize("hz", [300.0, 1000.0, 3000.0])
def test_a_tone_comes_back_where_it_was(hz: float) -> None:
    """Through the integer front end and back: the loudest bin lies in the tone's own band."""
    t = np.arange(16_000) / 16_000
    tone = np.rint(8000 * np.sin(2 * np.pi * hz * t)).astype(np.int16)
    raw = log_mel(tone[None], FRONT)[0]
    made = audible(raw, FRONT)
    assert np.abs(made).max() == pytest.approx(0.8)
    found = np.abs(np.fft.rfft(made)).argmax() * 16_000 / len(made)
    assert abs(found - hz) < 0.08 * hz + 20  # bands are some 7 % wide, 40 Hz at least


# ---- what is missing -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept", "sections"),
    [
        (["condense"], {"condensed", "again"}),
        (["train"], {"accuracy", "training", "again"}),
        (["compile"], {"time", "memory", "again"}),
        (
            ["train", "compress"],
            {"accuracy", "training", "pruning", "quantization", "warnings", "again"},
        ),
        (["train", "compress", "compile", "device"], SECTIONS - {"condensed"}),
    ],
)
def test_missing_stages_leave_their_sections_out(
    run_dir: Path, tmp_path: Path, kept: list[str], sections: set[str]
) -> None:
    folder = shutil.copytree(run_dir, tmp_path / "run")
    for stage in set(STAGES) - set(kept):
        shutil.rmtree(folder / stage)
    if "device" not in kept:
        (folder / "run.json").unlink()
    made = render_report(folder)
    assert Page(made["report.html"]).sections() == sections
    json.loads(made["report.json"])


def test_no_energy_and_no_recipe(run_dir: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(run_dir, tmp_path / "run")
    (folder / "recipe.json").unlink()
    (folder / "device/profile.json").write_text(
        json.dumps({**_fake_run.profile(), "energy_uj": None})
    )
    made = render_report(folder)
    assert Page(made["report.html"]).sections() == SECTIONS - {"energy"}
    assert "recipe.toml" not in made
    assert json.loads(made["report.json"])["energy"] == {}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("device/profile.json", b'{"instructions": 12'),
        ("device/verify.json", b"[]"),
        ("train/stage.json", b"null"),
        ("recipe.json", b"\xff\xfe"),
        ("train/history.json", b""),
        ("condense/condensed.dew", b"PK\x03\x04 cut off"),
        ("device/predictions.npz", b"\x93NUMPY"),
    ],
)
def test_damaged_file_is_a_data_error(
    run_dir: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    folder = shutil.copytree(run_dir, tmp_path / "run")
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=Path(name).name):
        write_report(folder)
    assert not (folder / "report").exists()


def test_folder_without_stages_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no finished stage"):
        write_report(tmp_path)
    with pytest.raises(DataError, match="no such run folder"):
        write_report(tmp_path / "nowhere")


def _leaves(value: object, path: tuple = ()) -> list[tuple]:
    """Paths of everything inside a JSON value, containers too."""
    inner: list[tuple] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path, *(leaf for key, item in inner for leaf in _leaves(item, (*path, key)))]


WRONG = (
    None,
    "words",
    -1,
    0,
    3.5,
    1e300,
    10**400,
    [],
    {},
    float("nan"),
    [1, "x"],
    {"name": 3},
    True,
)
# what reading guarantees to be an object, so that only its inside can be wrong
OBJECTS = {("files", name) for name in ("package", "profile", "verify")}
OBJECTS |= {("stages", name) for name in STAGES} | {("recipe",), ("summary",)}
OBJECTS |= {(), ("files",), ("stages",)}


def test_values_of_the_wrong_kind_never_end_in_a_traceback(run_dir: Path) -> None:
    rng = np.random.default_rng(11)
    whole = read_run(run_dir)
    parts = {name: getattr(whole, name) for name in ("recipe", "summary", "stages", "files")}
    places = [path for path in _leaves(parts) if path not in OBJECTS]
    for i in rng.permutation(len(places))[:300]:
        broken = copy.deepcopy(parts)
        *path, last = places[i]
        at = broken
        for key in path:
            at = at[key]
        at[last] = WRONG[rng.integers(len(WRONG))]
        facts = collect(Run(**broken, arrays=whole.arrays))
        json.dumps(facts, allow_nan=False)
        page(facts, {}, {})


def test_gap_in_a_curve_is_drawn_as_a_gap(run_dir: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(run_dir, tmp_path / "run")
    history = [
        {"loss": 2.0, "lr": 0.1},
        {"loss": float("nan"), "lr": 0.1},
        {"loss": 1.0, "lr": 0.0},
    ]
    (folder / "train/history.json").write_text(json.dumps(history))
    made = render_report(folder)
    (series,) = json.loads(made["report.json"])["training"]
    assert series["series"]["loss"] == [2.0, None, 1.0]
    assert 'id="loss-' in made["report.html"]
    assert 'id="accuracy-axes' not in made["report.html"]


def test_many_classes_become_a_list_of_mistakes(run_dir: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(run_dir, tmp_path / "run")
    y = np.arange(300) % 100
    device = np.where(y == 7, 9, y)
    np.savez(folder / "device/predictions.npz", y=y, device=device)
    run = read_run(folder)
    made = Page(page(collect(run), {}, {}))
    assert any("most frequent mistakes" in text for _, text in made.all("caption"))
    assert any(text.startswith("793") for _, text in made.all("tr"))  # 7 taken for 9, 3 times


# ---- make it again -------------------------------------------------------------------------


def test_recipe_toml_is_the_resolved_recipe(files: dict[str, str]) -> None:
    def without_none(table: dict) -> dict:
        return {
            key: without_none(value) if isinstance(value, dict) else value
            for key, value in table.items()
            if value is not None and key != "tiny"
        }

    assert tomllib.loads(files["recipe.toml"]) == without_none(_fake_run.recipe())


def test_recipe_toml_keeps_odd_values() -> None:
    odd = {
        "name": 'a "b"\\\n',
        "x": [1.5, 2, "é"],
        "inner": {"empty": {}, "yes": True, "small": 1e-12, "odd key": {"deep": 1}},
        "endless": float("inf"),
    }
    assert tomllib.loads(recipe_toml(odd)) == odd


def test_recipe_toml_resolves_to_the_same_recipe() -> None:
    from iseul.pipeline.recipe import read_recipe, resolve

    recipes = sorted(Path(__file__).parents[2].joinpath("recipes").glob("*.toml"))
    assert recipes
    for path in recipes:
        recipe = read_recipe(path)
        again = resolve(tomllib.loads(recipe_toml(recipe.dump())), recipe.tiny, path.name)
        assert again.dump() == recipe.dump()


def test_tiny_run_is_made_again_as_tiny(run_dir: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(run_dir, tmp_path / "run")
    (folder / "recipe.json").write_text(json.dumps({**_fake_run.recipe(), "tiny": True}))
    facts = collect(read_run(folder))
    assert facts["reproduce"]["commands"][0]["command"] == (
        "iseul run RUN/report/recipe.toml --tiny --out AGAIN"
    )


# ---- the terminal --------------------------------------------------------------------------


def _plain(run: Path | dict) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(summary_table(run))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_summary_is_plain_text(run_dir: Path) -> None:
    text = _plain(run_dir)
    assert "\x1b" not in text
    assert not set("│─┃━┏┓") & set(text)
    lines = [line.strip() for line in text.splitlines()]
    assert [line.split("  ")[0] for line in lines] == [
        "Accuracy, float",
        "Accuracy, int8",
        "Accuracy, device, emulated",
        "Flash",
        "RAM",
        "Instructions",
        "Latency",
        "Energy",
        "Latency",
    ]
    assert "modelled" in lines[6]
    assert "budget broken" in lines[8]


def test_summary_of_the_run_json(run_dir: Path) -> None:
    summary = {
        "run_dir": "x",
        "stages": {"train": {"seconds": 1, "metrics": {}}},
        "device": _fake_run.profile(),
        "accuracy": {"float": 0.9, "compressed": 0.89, "device": None},
        "budgets": [],
    }
    text = _plain(summary)
    assert "90.00 %" in text
    assert "−1.00 points" in text
    assert "device" not in text
    assert _plain({"stages": {}, "device": None, "accuracy": {}, "budgets": []}).strip() == ""
