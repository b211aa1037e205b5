# SPDX-License-Identifier: Apache-2.0
"""The gradient bank: real gradients of every subset, computed once, before any matching.

The networks are trained on real samples only, so what they ask of the synthetic set does not
depend on it: the real side of all matching steps can be computed beforehand, and a step then
costs the synthetic side alone. One draw is one network state and one set of transforms (one
per subset, kept for the synthetic side); its gradients are means over real images of the
subset, held as bfloat16.

The bank lies on disk, one folder per network, whole or not at all, with a hash of every file
(`core/artifact.py`); a killed run makes only what is missing. Files are mapped into memory, so
a bank may be larger than it, and workers on one machine share it.
Networks trained on real data: Kim et al.: Dataset Condensation via Efficient Synthetic-Data
Parameterization, ICML 2022. The bank is ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from iseul.condense._gradients import group_gradients, layer_shapes
from iseul.condense._networks import load_vector, record
from iseul.core import seed as seeds
from iseul.core.artifact import Artifact, draft, open_artifact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from iseul.condense._networks import Recording
    from iseul.condense._problem import Problem
    from iseul.condense._subsets import Partition

IMAGES_PER_PASS = 160  # keeps activations and unfolded inputs near the caches


@dataclass(frozen=True)
class Plan:
    """What a network of the bank is asked for.

    at_steps: training steps after which its state is kept
    n_draws:  sets of transforms per kept state
    n_images: real images per class and draw, shared evenly by its subsets
    mirror:   transforms may flip left to right
    """

    at_steps: tuple[int, ...]
    n_draws: int
    n_images: int
    mirror: bool


@dataclass(frozen=True)
class Draw:
    """Real gradients of some subsets at one network state under one set of transforms.

    family:     which of the matching networks' families this one is of
    state:      (P,) the network's numbers, for `load_vector`
    transforms: (subsets, columns), one per subset
    gradients:  per layer (subsets, rows, columns) float32
    """

    family: int
    state: Tensor
    transforms: Tensor
    gradients: list[Tensor]


@dataclass
class Bank:
    """Finished networks, in order, families by turns.

    layers: of each family, the shapes of its gradients
    """

    folders: Sequence[Path]
    plan: Plan
    layers: Sequence[Sequence[tuple[int, int]]]
    _open: dict[int, dict[str, NDArray[Any]]] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_open": {}}  # maps of files do not travel to workers

    def __len__(self) -> int:
        """Number of draws."""
        return len(self.folders) * len(self.plan.at_steps) * self.plan.n_draws

    def pick(self, step: int, groups: slice, rng: np.random.Generator, x: Tensor) -> Draw:
        """One of all draws, by lot."""
        return self.draw(int(rng.integers(len(self))), groups)

    def draw(self, index: int, groups: slice) -> Draw:
        """Draw `index` of len(self), of some neighbouring subsets."""
        rest, j = divmod(index, self.plan.n_draws)
        net, state = divmod(rest, len(self.plan.at_steps))
        if net not in self._open:
            self._open[net] = {
                name: np.load(self.folders[net] / f"{name}.npy", mmap_mode="r")
                for name in ("states", "transforms", "gradients")
            }
        files = self._open[net]
        flat = torch.from_numpy(files["gradients"][state, j, groups].copy())
        family = net % len(self.layers)
        return Draw(
            family,
            torch.from_numpy(files["states"][state].copy()),
            torch.from_numpy(files["transforms"][state, j, groups].copy()),
            by_layer(flat.view(torch.bfloat16).float(), self.layers[family]),
        )


def by_layer(flat: Tensor, layers: Sequence[tuple[int, int]]) -> list[Tensor]:
    """(groups, values) as one (groups, rows, columns) per layer."""
    sizes = [rows * columns for rows, columns in layers]
    parts = flat.split(sizes, 1)  # type: ignore[no-untyped-call]
    return [
        part.reshape(len(part), rows, columns)
        for part, (rows, columns) in zip(parts, layers, strict=True)
    ]


def n_bytes(net: nn.Module, plan: Plan, n_nets: int, n_groups: int) -> int:
    """Bytes on disk of networks of a bank: what the run states before it starts."""
    per_draw = n_groups * sum(rows * columns for rows, columns in layer_shapes(net)) * 2
    numbers = sum(value.numel() for value in net.state_dict().values()) * 4
    return n_nets * len(plan.at_steps) * (numbers + plan.n_draws * per_draw)


def build_net(
    problem: Problem,
    subsets: Partition,
    plan: Plan,
    folder: Path,
    key: str,
    seed: int,
    recording: Recording | None = None,
    build: Callable[[int], nn.Module] | None = None,
) -> Artifact:
    """One network of the bank in a folder; left as it is if it is whole and of this key.

    key:       hash of everything the content depends on
    recording: the trained network, if it is there already
    build:     seed -> a fresh one; None: the problem's matching network
    """
    found = open_artifact(folder)
    if found is not None and found.key == key:
        return found
    made = recording or record(problem, plan.at_steps, plan.mirror, seed, build)
    n_groups = len(subsets.members) * subsets.n_subsets
    n_values = sum(rows * columns for rows, columns in layer_shapes(made.net))
    shape = (len(plan.at_steps), plan.n_draws, n_groups)
    with draft(folder, "bank", "net", key) as part:
        gradients = np.lib.format.open_memmap(
            part.path / "gradients.npy", "w+", np.uint16, (*shape, n_values)
        )
        transforms = []
        for i, state in enumerate(made.states):
            load_vector(made.net, state)
            for j in range(plan.n_draws):
                drawn, values = draw_once(
                    made.net, problem, subsets, plan, seeds.derive(seed, i, j)
                )
                transforms.append(drawn.numpy())
                gradients[i, j] = values.bfloat16().view(torch.uint16).cpu().numpy()
        gradients.flush()
        del gradients
        np.save(part.path / "transforms.npy", np.stack(transforms).reshape(*shape, -1))
        np.save(part.path / "states.npy", torch.stack(made.states).cpu().numpy())
    fresh = open_artifact(folder)
    assert fresh is not None, f"{folder} is not whole just after it was written"
    return fresh


def draw_once(
    net: nn.Module, problem: Problem, subsets: Partition, plan: Plan, seed: int
) -> tuple[Tensor, Tensor]:
    """New transforms, and (groups, values) float32: gradients of a few real images a subset.

    Equally many images per subset, a few subsets per pass; layers one after another in a row.
    """
    flat = [part for row in subsets.members for part in row]
    labels = np.repeat(np.arange(len(subsets.members)), subsets.n_subsets)
    per_subset = max(1, plan.n_images // subsets.n_subsets)
    per_pass = max(1, IMAGES_PER_PASS // per_subset)
    rng = seeds.generator(seed, "images")
    generator = torch.Generator().manual_seed(seeds.derive(seed, "transforms"))
    transforms = problem.draw(len(flat), plan.mirror, generator)
    passes = []
    for start in range(0, len(flat), per_pass):
        some = flat[start : start + per_pass]
        chosen = [rng.choice(part, per_subset, len(part) < per_subset) for part in some]
        owner = torch.arange(start, start + len(some)).repeat_interleave(per_subset)
        x = problem.to_tensor(problem.real.x[np.concatenate(chosen)])
        x = problem.move(x, transforms[owner])
        y = torch.from_numpy(labels)[owner].to(problem.device)
        sizes = [per_subset] * len(some)
        made = group_gradients(net, x, y, sizes, False, problem.task.loss)
        passes.append(torch.cat([layer.flatten(1) for layer in made], 1))
    return transforms, torch.cat(passes)
