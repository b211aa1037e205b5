# SPDX-License-Identifier: Apache-2.0
"""Subset matching: synthetic images learn from one coherent part of their class each.

    1. Networks are trained briefly on real samples and kept at several moments.
    2. Each class is split into subsets by balanced k-means in the embedding of the first one.
    3. The images of a class are shared out over its subsets and start at real samples.
    4. A bank holds the weight gradient that each subset asks for, at every kept network and
       under seeded augmentations.
    5. Adam moves pixels until the synthetic images of a subset ask for the same gradient under
       the same augmentation, subset by subset; an anchor holds the class's mean gradient too.

One mean gradient per class lets all images of it drift to one average look; a gradient per
subset pins each image to a mode of its class. `subsets.kind` has the controls: "random" and
"real_only" must lose, "none" is matching class by class.

Own method. It builds on Zhao, Mopuri, Bilen: Dataset Condensation with Gradient Matching,
ICLR 2021 (matching), Zhao, Bilen, ICML 2021 (siamese augmentation), Kim et al., ICML 2022
(networks trained on real data, several images per stored one), Liu et al.: DREAM, ICCV 2023
(start at cluster centres).
"""

from __future__ import annotations

import io
import math
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field, field_validator

from iseul.condense._condensed import Condensed
from iseul.condense._subsets import class_indices, partition, reassign
from iseul.condense._upsampler import MOST_CHANNELS, Upsampler, check_fit
from iseul.core import registry
from iseul.core import seed as seeds
from iseul.core.artifact import hash_json, write_bytes
from iseul.core.config import Config as BaseConfig
from iseul.core.errors import UsageError
from iseul.core.progress import progress, say, warn
from iseul.core.units import show_bytes, show_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from iseul.condense._bank import Bank
    from iseul.condense._matching import Settings, Shard, Source
    from iseul.condense._networks import Recording
    from iseul.condense._problem import Problem
    from iseul.condense._subsets import Partition

MOST_SUBSETS = 10  # default K is the number of images up to this: one image per subset did best
N_EMBEDDED = 1500  # real samples per class that are clustered and matched
EMBEDDING_AXES = 32  # principal axes of the features that k-means sees
CLASSES_PER_SHARD = 2  # keeps activations near the caches; each shard draws its own networks
CHECKPOINTS = 20  # per run; a killed run or worker loses at most one interval
LEAST_INTERVAL = 10  # steps
MOST_COMPARED = 8  # draws at which the result is compared with its start
COMPARED_SHARE = 20  # of the steps that number is one in so many
TOLD_FROM = 60.0  # seconds: from here on the cost is stated before the work
_ASKED_OF_THE_REAL_SIDE = ("mirror", "subsets", "networks")  # settings that a bank depends on


class Subsets(BaseConfig):
    """[condense.subsets]: how a class is split."""

    count: int = Field(
        default=0, ge=0, description="subsets per class, at most its images; 0: those, up to 10"
    )
    kind: Literal["kmeans", "random", "real_only", "none"] = Field(
        default="kmeans",
        description="by place in the space; the others are controls: by lot, only the real side "
        "split, or matching class by class",
    )
    space: Literal["trained", "random", "pixels"] = Field(
        default="trained", description="features of a trained or a fresh network, or pixels"
    )
    balanced: bool = Field(default=True, description="no subset above 1.5 times the mean size")
    allocation: Literal["proportional", "equal"] = Field(
        default="proportional", description="how a class's images are shared out over subsets"
    )
    recluster_every: int = Field(
        default=0, ge=0, description="steps after which classes are split anew; 0: never"
    )


class Networks(BaseConfig):
    """[condense.networks]: which networks ask for gradients."""

    schedule: Literal["pool", "online_real", "online_syn"] = Field(
        default="pool",
        description="a bank made beforehand, or networks trained between the steps, on real or "
        "on the synthetic samples",
    )
    nets: int = Field(default=8, ge=1, description="networks in the bank")
    train_steps: int = Field(
        default=240,
        ge=1,
        description="steps, batch 64, that each network is trained: fewer for few samples",
    )
    states: int = Field(
        default=4, ge=1, description="moments kept per network, each at a quarter of the next"
    )
    draws: int = Field(default=2, ge=1, description="augmentations for each kept moment")
    images: int = Field(default=160, ge=1, description="real images per class behind one draw")
    architectures: tuple[str, ...] = Field(
        default=(),
        description="model families that ask beside the first one, by turns; no set that was "
        "tried taught others better for it",
    )

    @field_validator("architectures")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            registry.load("iseul.models", name)
        return names


class Rounding(BaseConfig):
    """[condense.rounding]: what storage makes of values, as matching knows it."""

    bits: int = Field(
        default=0, ge=0, le=8, description="of a stored value; 0: what [condense.store] says"
    )
    palette: Literal["levels", "colours"] = Field(
        default="levels",
        description="what these bits index: even levels of a value, or colours of the real "
        "samples that matching starts at; with bits = 0 what [condense.store] says",
    )


class Upsampling(BaseConfig):
    """[condense.upsampling]: how the parts of a stored sample become samples (`factor`)."""

    kind: Literal["bilinear", "learned"] = Field(
        default="bilinear",
        description="learned: a network of some hundred bytes, trained on the real samples and "
        "stored with the set, adds what bilinear enlargement leaves out",
    )
    channels: int = Field(
        default=16, ge=1, le=MOST_CHANNELS, description="hidden channels of that network"
    )
    steps: int = Field(default=4000, ge=1, description="steps, batch 64, that it is trained")


class Config(BaseConfig):
    """`ipc` is the dial; `steps` and `networks.nets` trade time for accuracy."""

    ipc: int = Field(default=10, ge=1, description="synthetic samples stored per class")
    factor: int = Field(
        default=1, ge=1, description="parts along each axis that share a stored sample"
    )
    steps: int = Field(
        default=300, ge=0, description="matching steps; 0 leaves the real starting samples"
    )
    lr_image: float = Field(
        default=0.02, gt=0, description="Adam's first step on pixels, in units of their range"
    )
    anchor: float = Field(
        default=1.0, ge=0, description="weight of matching the class's mean gradient as well"
    )
    distance: Literal["squared", "l1", "cosine"] = Field(
        default="squared", description="between gradients; cosine forgets their length"
    )
    layer_weights: tuple[float, ...] = Field(
        default=(), description="of each conv or linear layer's distance; none: all alike"
    )
    rounding: Rounding = Field(
        default=Rounding(), description="what storage makes of values, as matching knows it"
    )
    mirror: bool = Field(
        default=False, description="augmentation may flip left to right: not for digits or text"
    )
    upsampling: Upsampling = Field(
        default=Upsampling(), description="how parts of a stored sample become samples"
    )
    subsets: Subsets = Field(default=Subsets(), description="how a class is split")
    networks: Networks = Field(default=Networks(), description="which networks ask for gradients")


def condense(problem: Problem, config: Config, seed: int) -> Condensed:
    """`ipc` synthetic samples per class, classes in order.

    Goes on from what an interrupted run of the same call left in `problem.folder`.
    Raises DataError if a class has fewer real samples than images are asked for, UsageError if
    layer_weights does not have one weight per layer of the matching network, ShapeError if
    samples can not be cut into `factor` parts.
    """
    if problem.folder is not None:
        return _Run(problem, config, seed, problem.folder).condense()
    with tempfile.TemporaryDirectory(prefix="iseul-") as folder:
        return _Run(problem, config, seed, Path(folder)).condense()


class _Run:
    """One condensation: what its parts share."""

    def __init__(self, problem: Problem, config: Config, seed: int, folder: Path) -> None:
        from iseul.condense._bank import Plan
        from iseul.condense._formation import parts
        from iseul.condense._gradients import layer_shapes

        self.problem, self.config, self.seed, self.folder = problem, config, seed, folder
        networks = config.networks
        self.families = [problem.build_model, *map(self._other, networks.architectures)]
        shape = seeds.derive(seed, "shape")
        self.nets = [build(shape).to(problem.device).eval() for build in self.families]
        self.layers = [layer_shapes(net.requires_grad_(False)) for net in self.nets]
        last = networks.train_steps
        at_steps = sorted({max(1, last // 4**i) for i in range(networks.states)})
        self.plan = Plan(tuple(at_steps), networks.draws, networks.images, config.mirror)
        self.n_images = config.ipc * parts(config.factor, problem.axes)
        self.n_rounds = 1
        if config.subsets.recluster_every:
            self.n_rounds = max(1, math.ceil(config.steps / config.subsets.recluster_every))
        self.nets_per_round = max(1, networks.nets // self.n_rounds)
        self.upsampler: Upsampler | None = None
        self._check()
        settings = config.model_dump(mode="json")
        self.real_key = hash_json(
            {
                "data": [problem.fingerprint(), problem.task.name, problem.augment],
                "net": [self.layers, seeds.derive(seed, "shape")],
                "config": [self.n_images, *(settings[name] for name in _ASKED_OF_THE_REAL_SIDE)],
                "seed": seed,
            }
        )
        self.key = hash_json({"real": self.real_key, "config": settings})

    def _other(self, name: str) -> Callable[[int], nn.Module]:
        from functools import partial

        if self.problem.build_other is None:
            raise UsageError(
                "[condense.networks] architectures: this problem builds one family only",
                "architectures = []",
            )
        return partial(self.problem.build_other, name)

    def _check(self) -> None:
        """Raise where settings do not fit the families that ask, or the samples."""
        if self.config.upsampling.kind == "learned":
            height, width, channels = self.problem.real.x.shape[1:]
            check_fit((height, width, channels), self.config.factor, self.problem.axes)
        weights, layers, n_families = self.config.layer_weights, self.layers[0], len(self.families)
        if self.config.networks.schedule == "pool" and self.nets_per_round < n_families:
            raise UsageError(
                f"[condense.networks] {n_families} families can not take turns in "
                f"{self.nets_per_round} networks",
                f"nets = {n_families * self.n_rounds}",
            )
        if weights and n_families > 1:
            raise UsageError(
                "[condense] layer_weights are of one network's layers, and [condense.networks] "
                "architectures has more",
                "layer_weights = []",
            )
        if weights and len(weights) != len(layers):
            raise UsageError(
                f"[condense] layer_weights has {len(weights)} weights, the matching network has "
                f"{len(layers)} conv and linear layers",
                f"layer_weights = {[1.0] * len(layers)}",
            )

    def condense(self) -> Condensed:
        from iseul.condense._matching import as_stored, shards_of

        config, problem = self.config, self.problem
        classes = class_indices(
            problem.real.y,
            problem.n_classes,
            self.n_images,
            max(N_EMBEDDED, self.n_images),
            seeds.derive(self.seed, "limit"),
        )
        recording = self._embedding_net(0)
        subsets = self._split(classes, 0, recording)
        x = self.start = self._start(subsets)
        online = config.networks.schedule != "pool"
        per_shard = problem.n_classes if online else CLASSES_PER_SHARD
        shards = shards_of(x, problem.n_classes, per_shard)
        if config.steps:
            shards = [self._checkpoint(shard) or shard for shard in shards]
            self._state_cost(subsets, shards)
        for turn in range(self.n_rounds if config.steps else 0):
            until = config.steps
            if self.n_rounds > 1:
                until = min(until, (turn + 1) * config.subsets.recluster_every)
            if all(len(shard.losses) >= until for shard in shards) and turn < self.n_rounds - 1:
                continue
            if turn:
                recording = self._embedding_net(turn)
                subsets = self._split(classes, turn, recording, self._joined(shards))
            shards = self._match(shards, subsets, turn, recording, until)
        settings = self._settings()
        kept = as_stored(self._joined(shards), problem, settings.bits, settings.colours)
        x_raw = problem.to_raw(kept)
        losses = np.mean([shard.losses for shard in shards], 0).tolist() if config.steps else []
        y = np.repeat(np.arange(problem.n_classes), config.ipc)
        owners = self._owners(subsets)
        return Condensed(x_raw, y, owners, losses, config.factor, self.upsampler)

    # subsets and the start

    def _embedding_net(self, turn: int) -> Recording | None:
        """The first network of a round; it is the embedding too."""
        from iseul.condense._networks import record

        if self.config.subsets.space != "trained" and not self.config.steps:
            return None
        with progress("condense: first network", 1) as advance:
            made = record(self.problem, self.plan.at_steps, self.config.mirror, self._of(turn, 0))
            advance()
        return made

    def _of(self, turn: int, net: int) -> int:
        """Seed of a network of the bank."""
        return seeds.derive(self.seed, "network", turn, net)

    def _features(
        self, x_raw: NDArray[np.uint8], recording: Recording | None, turn: int
    ) -> NDArray[np.float32]:
        from iseul.condense._networks import embed

        space = self.config.subsets.space
        if space == "pixels":
            return x_raw.reshape(len(x_raw), -1).astype(np.float32)
        if space == "random":
            seed = seeds.derive(self.seed, "space", turn)
            return embed(
                self.problem.build_model(seed).to(self.problem.device), x_raw, self.problem
            )
        assert recording is not None
        return embed(recording.net, x_raw, self.problem)

    def _split(
        self,
        classes: list[NDArray[np.int64]],
        turn: int,
        recording: Recording | None,
        x: Tensor | None = None,
    ) -> Partition:
        """The round's subsets; with synthetic samples x they are shared out by nearness."""
        from iseul.condense._networks import principal

        settings, index = self.config.subsets, np.concatenate(classes)
        rows = self.problem.real.x[index]
        if x is not None:
            images = self.problem.to_raw(self._decoded(x))
            rows = np.concatenate([rows, images])
        features = principal(self._features(rows, recording, turn), EMBEDDING_AXES)
        embedding = np.zeros((len(self.problem.real), features.shape[1]), np.float32)
        embedding[index] = features[: len(index)]
        made = partition(
            embedding,
            classes,
            self.n_images,
            min(settings.count or MOST_SUBSETS, self.n_images),
            settings.kind,
            seeds.derive(self.seed, turn) if turn else self.seed,
            settings.balanced,
            settings.allocation,
        )
        return made if x is None else reassign(made, embedding, features[len(index) :])

    def _start(self, subsets: Partition) -> Tensor:
        """Real samples as they would be stored; palette and upsampler are made for them."""
        from iseul.condense._formation import encode
        from iseul.condense._matching import as_stored

        problem, config = self.problem, self.config
        start = np.concatenate([part for row in subsets.starts for part in row])
        samples = problem.to_tensor(problem.real.x[start])
        x = encode(samples, config.factor, problem.axes)
        self.colours = self._colours_of(x)
        if config.upsampling.kind == "bilinear":
            return x
        from iseul.condense._enlarge import FIT_WIDTH, FIT_WIDTH_ROUNDED, fit, train

        def stored(values: Tensor) -> Tensor:
            return as_stored(values, problem, config.rounding.bits or 8, self.colours)

        network, seed = config.upsampling, seeds.derive(self.seed, "upsampler")
        self.upsampler = train(
            problem, config.factor, network.channels, network.steps, seed, stored
        )
        width = FIT_WIDTH_ROUNDED if 0 < config.rounding.bits < 8 else FIT_WIDTH
        return fit(x, samples, lambda values: self._decoded(stored(values)), problem, width)

    def _decoded(self, x: Tensor) -> Tensor:
        from iseul.condense._enlarge import decode_by

        return decode_by(self.upsampler, x, self.config.factor, self.problem)

    def _colours_of(self, x: Tensor) -> NDArray[np.float32] | None:
        """(2^bits, C) reals of the palette that the start asks for; None: levels are kept."""
        from iseul.condense._palette import colours

        config, problem = self.config, self.problem
        bits = config.rounding.bits
        if config.rounding.palette == "levels" or not 0 < bits < 8:
            return None
        raw = problem.to_raw(x)
        table = colours(raw.reshape(-1, raw.shape[-1]), 2**bits).astype(np.float32)
        made: NDArray[np.float32] = (table - problem.zero_point) * np.float32(problem.scale)
        return made

    def _owners(self, subsets: Partition) -> NDArray[np.int64]:
        """Subset of each stored sample; of its first image where it holds several."""
        owners = []
        for counts, order in zip(subsets.images, subsets.order, strict=True):
            owner = np.zeros(self.n_images, np.int64)
            owner[order] = np.repeat(np.arange(len(counts)), counts)
            owners.append(owner[:: self.n_images // self.config.ipc])
        return np.concatenate(owners)

    # matching

    def _settings(self) -> Settings:
        from iseul.condense._matching import Settings

        config, problem = self.config, self.problem
        return Settings(
            config.steps,
            config.lr_image * (problem.high - problem.low),
            config.distance,
            config.anchor,
            config.layer_weights,
            config.factor,
            config.rounding.bits or 8,  # outside a recipe nothing is stored
            self.colours,
            config.subsets.kind == "real_only",
            self.upsampler,
        )

    def _source(self, subsets: Partition, turn: int, recording: Recording | None) -> Source:
        from iseul.condense._online import Online

        networks = self.config.networks
        if networks.schedule == "pool":
            return self._bank(subsets, turn, recording)
        served = networks.states * networks.draws
        synthetic = self._synthetic if networks.schedule == "online_syn" else None
        n_train = max(1, networks.train_steps // served)
        seed = seeds.derive(self.seed, "online", turn)
        start = turn * self.config.subsets.recluster_every
        return Online(
            self.problem,
            subsets,
            self.plan,
            start,
            served,
            n_train,
            seed,
            synthetic,
            self.families,
        )

    def _synthetic(self, x: Tensor) -> tuple[Tensor, Tensor]:
        import torch

        samples = self._decoded(x)
        y = torch.arange(self.problem.n_classes).repeat_interleave(self.n_images)
        return samples, y.to(samples.device)

    def _bank(self, subsets: Partition, turn: int, recording: Recording | None) -> Bank:
        from iseul.condense._bank import Bank, build_net

        problem, plan = self.problem, self.plan
        n_nets = self.nets_per_round
        folders = [self.folder / f"bank_{turn}_{i}" for i in range(n_nets)]
        # a first bank serves every step width and distance; later ones know the synthetic set
        key = hash_json({"run": self.key, "turn": turn}) if turn else self.real_key
        pieces = [
            (
                folders[i],
                key,
                self._of(turn, i),
                recording if i == 0 else None,
                self.families[i % len(self.families)],
            )
            for i in range(n_nets)
        ]
        with progress("condense: gradient bank", n_nets) as advance:
            shared = (problem, subsets, plan)
            problem.engine.map(build_net, pieces, shared, lambda i, made: advance())
        return Bank(folders, plan, self.layers)

    def _match(
        self,
        shards: list[Shard],
        subsets: Partition,
        turn: int,
        recording: Recording | None,
        until: int,
    ) -> list[Shard]:
        """All shards after step `until`, with a checkpoint now and then."""
        from functools import partial

        from iseul.condense._matching import advance

        source = self._source(subsets, turn, recording)
        shared = (self.problem, self.nets, subsets, source, self._settings(), self.seed)
        done = [len(shard.losses) for shard in shards]
        made = list(shards)
        with progress("condense: matching", until * len(shards) - sum(done)) as told:

            def keep(which: list[int], i: int, shard: Shard) -> None:
                made[which[i]] = shard
                self._save(shard)
                told(len(shard.losses) - done[which[i]], f"match loss {shard.losses[-1]:.3f}")
                done[which[i]] = len(shard.losses)

            while min(done) < until:
                end = min(until, self._next_checkpoint(min(done), turn))
                which = [i for i in range(len(made)) if done[i] < end]
                pieces = [(made[i], end, CLASSES_PER_SHARD) for i in which]
                self.problem.engine.map(advance, pieces, shared, partial(keep, which))
        if self.config.networks.schedule == "pool" and self.n_rounds == 1:
            self._check_against_start(made, shared)
        return made

    def _check_against_start(self, shards: list[Shard], shared: tuple[Any, ...]) -> None:
        """A warning where samples match worse than the real ones they started at."""
        from iseul.condense._matching import loss_at, shards_of

        config = self.config
        n_steps = min(MOST_COMPARED, config.steps // COMPARED_SHARE)
        if not n_steps:
            return  # a run this short shows that it runs
        start = shards_of(self.start, self.problem.n_classes, CLASSES_PER_SHARD)
        pieces = [(shard, n_steps, CLASSES_PER_SHARD) for shard in (*start, *shards)]
        losses = self.problem.engine.map(loss_at, pieces, shared)
        before, after = (float(np.mean(part)) for part in np.split(np.array(losses), 2))
        if after > before:
            warn(
                f"condense: synthetic samples match worse than the real ones they started at "
                f"(loss {after:.3g}, before {before:.3g}): steps are too wide or too few. "
                f"try: [condense] lr_image = {config.lr_image / 4:g}"
            )

    def _next_checkpoint(self, step: int, turn: int) -> int:
        interval = max(LEAST_INTERVAL, math.ceil(self.config.steps / CHECKPOINTS))
        networks = self.config.networks
        if networks.schedule != "pool":  # matching goes on only where a network begins
            served = networks.states * networks.draws
            interval = math.ceil(interval / served) * served
        start = turn * self.config.subsets.recluster_every
        return start + ((step - start) // interval + 1) * interval

    def _joined(self, shards: list[Shard]) -> Tensor:
        import torch

        return torch.from_numpy(np.concatenate([shard.x for shard in shards]))

    # what is kept

    def _path(self, shard: Shard) -> Path:
        return self.folder / f"shard_{shard.first}.npz"

    def _save(self, shard: Shard) -> None:
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {"key": np.array(self.key), **shard.arrays()}
        np.savez(buffer, **arrays)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_bytes(self._path(shard), buffer.getvalue())

    def _checkpoint(self, shard: Shard) -> Shard | None:
        """The shard as an earlier run of this call left it, or None."""
        path = self._path(shard)
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as kept:
                if str(kept["key"]) != self.key or kept["x"].shape != shard.x.shape:
                    return None
                losses = kept["losses"].tolist()
                made = replace(shard, x=kept["x"], mean=kept["mean"], square=kept["square"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        say(f"condense: goes on at step {len(losses)} with classes {shard.first} and following", 1)
        return replace(made, losses=losses)

    def _state_cost(self, subsets: Partition, shards: list[Shard]) -> None:
        """One line, before long work: seconds and bytes, from a draw and a step per family."""
        from iseul.condense._bank import n_bytes

        networks, steps = self.config.networks, self.config.steps
        shard = shards[0]
        left = sum(steps - len(shard.losses) for shard in shards)
        if not left or networks.schedule != "pool":
            return
        n_states = len(self.plan.at_steps)
        seconds, on_disk, n_groups = 0.0, 0, len(subsets.members) * subsets.n_subsets
        for family, net in enumerate(self.nets):
            n_nets = len(range(family, networks.nets, len(self.nets)))
            with self.problem.engine.probed():
                per_draw, per_step = self._seconds_of(family, subsets, shard)
            seconds += n_nets * n_states * networks.draws * per_draw
            seconds += left * per_step * n_nets / networks.nets
            on_disk += n_bytes(net, self.plan, n_nets, n_groups)
        if not self.problem.engine.is_here:
            seconds /= self.problem.engine.run.workers
        if seconds > TOLD_FROM:
            say(
                f"condense: about {show_seconds(seconds)} "
                f"({networks.nets * n_states * networks.draws} draws of the bank, {steps} steps) "
                f"and {show_bytes(on_disk)} of disk, from one of each"
            )

    def _seconds_of(self, family: int, subsets: Partition, shard: Shard) -> tuple[float, float]:
        """How long one draw and one step of a shard take at a fresh network of a family."""
        import torch

        from iseul.condense._bank import Draw, by_layer, draw_once
        from iseul.condense._matching import advance
        from iseul.condense._networks import to_vector

        net = self.nets[family]
        started = time.perf_counter()
        transforms, flat = draw_once(net, self.problem, subsets, self.plan, self.seed)
        per_draw = time.perf_counter() - started
        state, every = to_vector(net), by_layer(flat, self.layers[family])

        class Once:
            def pick(self, step: int, groups: slice, rng: np.random.Generator, x: Tensor) -> Draw:
                own = [layer[groups] for layer in every]
                index = torch.arange(groups.start, groups.stop)
                return Draw(family, state, transforms[index], own)

        fresh = replace(shard, losses=[])
        shared = (self.problem, self.nets, subsets, Once(), self._settings(), self.seed)
        started = time.perf_counter()
        advance(*shared, fresh, 1, CLASSES_PER_SHARD)
        return per_draw, time.perf_counter() - started
