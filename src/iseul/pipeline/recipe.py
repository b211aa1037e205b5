# SPDX-License-Identifier: Apache-2.0
"""Recipes: one TOML file describes one whole run; here it becomes a checked, frozen value.

    name, board, seed
    [run]                where work is done: this process or Ray, threads, device
    [data]               method + that data set's Config
    [condense]           method + Config;  .store says how it is kept, .evaluate that fresh
                         networks are trained on it
    [train]              the loop's Config and `samples`;  .model  .teacher  .distill
    [compress]           calibration;  .prune  .finetune  .distill  .quantize, in this order
    [compile]            goal
    [device]             on how many samples the board is compared value by value
    [budgets]            limits; a broken one ends the run with exit code 1
    [tiny]               what `--tiny` changes: dotted keys of the tables above

Every table is checked before any work starts, so a typo costs a second, not an hour.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from iseul.core import registry
from iseul.core.artifact import hash_json
from iseul.core.config import Config, build, read_toml
from iseul.core.errors import UsageError, did_you_mean
from iseul.core.parallel import Run
from iseul.targets import load_target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from iseul.compress.finetune import Config as FinetuneConfig
    from iseul.condense.evaluate import Config as EvaluateConfig
    from iseul.condense.store import Config as StoreConfig
    from iseul.targets import Target
    from iseul.train.loop import Config as LoopConfig

SETS = "iseul.data.sets"
MODELS = "iseul.models"
CONDENSE = "iseul.condense"
DISTILL = "iseul.train.distill"
PRUNE = "iseul.compress.prune"
QUANTIZE = "iseul.compress.quantize"

Table = dict[str, Any]


class Compile(Config):
    """[compile]: how the C is generated."""

    goal: Literal["speed", "ram", "flash"] = Field(
        default="speed", description="what the kernel choice favours"
    )


class Device(Config):
    """[device]: how the C is proven."""

    n_samples: int = Field(
        default=64, ge=1, description="test samples run on it, every value compared"
    )


class Budgets(Config):
    """[budgets]: limits; each is left out where there is none."""

    flash_bytes: int | None = Field(default=None, gt=0, description="code and constants, bytes")
    constant_bytes: int | None = Field(default=None, gt=0, description="constants alone, bytes")
    ram_bytes: int | None = Field(default=None, gt=0, description="arena, state, stack, bytes")
    arena_bytes: int | None = Field(default=None, gt=0, description="arena alone, bytes")
    latency_ms: float | None = Field(default=None, gt=0, description="modelled latency, ms")
    accuracy: float | None = Field(default=None, gt=0, le=1, description="least, on device, 0-1")


class Calibration(Config):
    """The plain keys of [compress]: which samples ranges and scores are observed on."""

    samples: Literal["condensed", "real"] = Field(
        default="real", description="the condensed set, or a draw of the training set"
    )
    n_samples: int = Field(default=512, ge=1, description="size of the draw of the training set")


@dataclass(frozen=True)
class Choice:
    """`method = "x"` of a table, resolved: the entry's module and its config."""

    folder: str
    method: str
    config: Config

    @property
    def module(self) -> Any:
        return registry.load(self.folder, self.method)

    def dump(self) -> Table:
        return {"method": self.method, **self.config.model_dump(mode="json")}


@dataclass(frozen=True)
class Train:
    """[train] resolved. samples: train on the "real" or on the "condensed" set."""

    samples: str
    loop: LoopConfig
    model: Choice
    teacher: Choice | None
    teacher_loop: LoopConfig | None
    distill: Choice | None


@dataclass(frozen=True)
class Compress:
    """[compress] resolved; each step is None where the recipe leaves it out."""

    calibration: Calibration
    prune: Choice | None
    finetune: FinetuneConfig | None
    distill: Choice | None
    quantize: Choice | None


@dataclass(frozen=True)
class Recipe:
    """A whole run, checked. Stages that the file leaves out are None."""

    name: str
    board: Target
    seed: int
    tiny: bool
    data: Choice
    condense: Choice | None
    store: StoreConfig | None
    evaluate: EvaluateConfig | None
    evaluate_model: Choice | None
    train: Train | None
    compress: Compress | None
    compile: Compile | None
    device: Device | None
    budgets: Budgets
    run: Run = field(default_factory=Run)

    def table(self, stage: str) -> Any:
        """What a stage's result depends on, as a JSON-able value."""
        return self.dump()[stage]

    def dump(self) -> Table:
        """The resolved recipe, every default filled in."""
        train, compress = self.train, self.compress
        return {
            "name": self.name,
            "board": self.board.name,
            "seed": self.seed,
            "tiny": self.tiny,
            "data": self.data.dump(),
            "condense": self.condense
            and {
                **self.condense.dump(),
                "store": _dump(self.store),
                "evaluate": _dump(self.evaluate) | {"model": _dump_choice(self.evaluate_model)}
                if self.evaluate is not None
                else None,
            },
            "train": train
            and {
                "samples": train.samples,
                **_dump(train.loop),
                "model": train.model.dump(),
                "teacher": train.teacher
                and train.teacher.dump() | {"loop": _dump(train.teacher_loop)},
                "distill": _dump_choice(train.distill),
            },
            "compress": compress
            and {
                **_dump(compress.calibration),
                "prune": _dump_choice(compress.prune),
                "finetune": compress.finetune and _dump(compress.finetune),
                "distill": _dump_choice(compress.distill),
                "quantize": _dump_choice(compress.quantize),
            },
            "compile": self.compile and _dump(self.compile),
            "device": self.device and _dump(self.device),
            "budgets": _dump(self.budgets),
        }

    @property
    def hash(self) -> str:
        return hash_json(self.dump())


def _dump(config: Config | None) -> Table:
    return config.model_dump(mode="json") if config is not None else {}


def _dump_choice(choice: Choice | None) -> Table | None:
    return choice.dump() if choice is not None else None


def read_recipe(
    path: Path, sets: Sequence[str] = (), tiny: bool = False, evaluate: str = ""
) -> Recipe:
    """The recipe in a TOML file.

    sets: `table.key=value` texts that override it, the value as TOML (a bare word is a string)
    tiny: apply the file's [tiny] table
    evaluate: "quick" adds [condense.evaluate] where there is none, "full" sets what a report
              needs where the file does not say otherwise
    Raises UsageError for anything that is not as it must be.
    """
    raw = read_toml(path)
    overrides = raw.pop("tiny", {})
    if tiny:
        for key, value in _flatten(overrides):
            _assign(raw, key, value, "[tiny]")
    for text in sets:
        key, value = _parse_set(text)
        _assign(raw, key, value, "--set")
    if evaluate:
        _add_evaluation(raw, evaluate == "full", str(path))
    return resolve(raw, tiny, str(path))


def _add_evaluation(raw: Table, full: bool, where: str) -> None:
    from iseul.condense.evaluate import FULL

    table = raw.get("condense")
    if not isinstance(table, dict):
        raise UsageError(f"{where}: --evaluate judges a condensed set, there is no [condense]")
    said = table.setdefault("evaluate", {})
    if isinstance(said, dict) and full:
        table["evaluate"] = {**FULL, **said}


def _flatten(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            flat += _flatten(value, f"{prefix}{key}.")
        else:
            flat.append((prefix + key, value))
    return flat


def _parse_set(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f'--set "{text}": must be TABLE.KEY=VALUE', "--set condense.ipc=1")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def _assign(raw: Table, dotted: str, value: Any, where: str) -> None:
    *path, key = dotted.split(".")
    table = raw
    for part in path:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise UsageError(f'{where} {dotted}: "{part}" is a value, not a table')
    table[key] = value


_TOP = (
    "name",
    "board",
    "seed",
    "run",
    "data",
    "condense",
    "train",
    "compress",
    "compile",
    "device",
    "budgets",
)


def resolve(raw: Mapping[str, Any], tiny: bool, where: str) -> Recipe:
    """A recipe from its TOML tables. Raises UsageError."""
    for key in raw:
        if key not in (*_TOP, "tiny"):
            hint = did_you_mean(key, _TOP)
            raise UsageError(f'{where} has no table "{key}".{hint} tables: {", ".join(_TOP)}')
    tables = {key: raw[key] for key in _TOP[3:] if key in raw}
    for key, table in tables.items():
        if not isinstance(table, dict):
            raise UsageError(f"{where}: [{key}] must be a table, is {table!r}")
    if "data" not in tables:
        raise UsageError(f"{where}: [data] is missing", '[data] method = "digits"')
    evaluate, evaluate_model = _evaluate(tables.get("condense"))
    return Recipe(
        name=_plain(raw, "name", str, where),
        board=load_target(_plain(raw, "board", str, where)),
        seed=_plain(raw, "seed", int, where, 0),
        tiny=tiny,
        data=choice(tables["data"], SETS, "data"),
        condense=_optional(
            _without(tables.get("condense"), "store", "evaluate"), CONDENSE, "condense"
        ),
        store=_store(tables.get("condense")),
        evaluate=evaluate,
        evaluate_model=evaluate_model,
        train=_train(tables["train"]) if "train" in tables else None,
        compress=_compress(tables["compress"]) if "compress" in tables else None,
        compile=build(Compile, tables["compile"], "compile") if "compile" in tables else None,
        device=build(Device, tables["device"], "device") if "device" in tables else None,
        budgets=build(Budgets, tables.get("budgets", {}), "budgets"),
        run=build(Run, tables.get("run", {}), "run"),
    )


def _plain(raw: Mapping[str, Any], key: str, kind: type, where: str, default: Any = None) -> Any:
    value = raw.get(key, default)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise UsageError(f"{where}: {key} = {value!r}, must be a {kind.__name__}")
    return value


def choice(table: Mapping[str, Any], folder: str, where: str) -> Choice:
    """A table with `method` and that entry's config. Raises UsageError."""
    rest = dict(table)
    method = rest.pop("method", None)
    if not isinstance(method, str):
        known = ", ".join(registry.names(folder))
        raise UsageError(f"[{where}] method = {method!r}, must be one of: {known}")
    config = build(registry.load(folder, method).Config, rest, where)
    return Choice(folder, method, config)


def _optional(table: Mapping[str, Any] | None, folder: str, where: str) -> Choice | None:
    return choice(table, folder, where) if table is not None else None


def _without(table: Mapping[str, Any] | None, *keys: str) -> Table | None:
    return None if table is None else {k: v for k, v in table.items() if k not in keys}


def _store(table: Mapping[str, Any] | None) -> StoreConfig | None:
    if table is None:
        return None
    from iseul.condense.store import Config as StoreConfig

    return build(StoreConfig, table.get("store", {}), "condense.store")


def _evaluate(table: Mapping[str, Any] | None) -> tuple[EvaluateConfig | None, Choice | None]:
    if table is None or "evaluate" not in table:
        return None, None
    from iseul.condense.evaluate import Config as EvaluateConfig

    inner = table["evaluate"]
    config = build(EvaluateConfig, _without(inner, "model") or {}, "condense.evaluate")
    for folder, names in ((MODELS, config.architectures), (CONDENSE, config.baselines)):
        for name in names:
            registry.load(folder, name)
    model = _optional(inner.get("model"), MODELS, "condense.evaluate.model")
    return config, model


def _train(table: Mapping[str, Any]) -> Train:
    from iseul.train.loop import Config as LoopConfig

    samples = table.get("samples", "real")
    if samples not in ("real", "condensed"):
        raise UsageError(f'[train] samples = {samples!r}, must be "real" or "condensed"')
    if "model" not in table:
        raise UsageError("[train.model] is missing", '[train.model] method = "ds_cnn"')
    plain = _without(table, "samples", "model", "teacher", "distill") or {}
    teacher = table.get("teacher")
    teacher_loop = None
    if teacher is not None:
        teacher_loop = build(LoopConfig, plain | teacher.get("loop", {}), "train.teacher.loop")
    return Train(
        samples=samples,
        loop=build(LoopConfig, plain, "train"),
        model=choice(table["model"], MODELS, "train.model"),
        teacher=_optional(_without(teacher, "loop"), MODELS, "train.teacher"),
        teacher_loop=teacher_loop,
        distill=_optional(table.get("distill"), DISTILL, "train.distill"),
    )


def _compress(table: Mapping[str, Any]) -> Compress:
    from iseul.compress.finetune import Config as FinetuneConfig

    steps = ("prune", "finetune", "distill", "quantize")
    finetune = table.get("finetune")
    return Compress(
        calibration=build(Calibration, _without(table, *steps) or {}, "compress"),
        prune=_optional(table.get("prune"), PRUNE, "compress.prune"),
        finetune=None if finetune is None else build(FinetuneConfig, finetune, "compress.finetune"),
        distill=_optional(table.get("distill"), DISTILL, "compress.distill"),
        quantize=_optional(table.get("quantize"), QUANTIZE, "compress.quantize"),
    )
