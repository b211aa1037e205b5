# SPDX-License-Identifier: Apache-2.0
"""The gradient bank: real gradients of every subset, computed once, before any matching.

The networks are trained on real samples only, so what they ask of the synthetic set does not
depend on it: the real side of all matching steps can be computed beforehand, and a step then
costs the synthetic side alone. One draw is one network state and one set of transforms (one
per subset, kept for the synthetic side); its gradients are means over a few real images per
subset, held as bfloat16: about 4 MB per draw for 100 subsets of the default ConvNet.
Networks trained on real data: Kim et al.: Dataset Condensation via Efficient Synthetic-Data
Parameterization, ICML 2022. The bank is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from iseul.condense._gradients import group_gradients
from iseul.core import seed as seeds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor, nn

    from iseul.condense._augment import Transforms
    from iseul.condense._networks import Recording, State
    from iseul.condense._problem import Problem
    from iseul.condense._subsets import Partition

IMAGES_PER_PASS = 160  # keeps activations and unfolded inputs near the caches


@dataclass(frozen=True)
class Draw:
    """Real gradients at one network state under one set of transforms.

    gradients:  per layer (C * K, rows, columns) bfloat16, classes first
    transforms: C * K of them
    """

    state: State
    transforms: Transforms
    gradients: list[Tensor]


@dataclass(frozen=True)
class Bank:
    """All draws, and the network that their states belong to."""

    net: nn.Module
    draws: list[Draw]

    @property
    def n_bytes(self) -> int:
        return sum(g.numel() * g.element_size() for d in self.draws for g in d.gradients)


def build_bank(
    recordings: Sequence[Recording],
    problem: Problem,
    subsets: Partition,
    n_draws: int,
    n_images: int,
    mirror: bool,
    seed: int,
    advance: Callable[[], object],
) -> Bank:
    """n_draws draws for every state of every recording.

    n_images: real images per class and draw, shared evenly by its subsets
    advance:  called after each draw
    """
    net = recordings[0].net
    flat = [part for row in subsets.members for part in row]
    labels = np.repeat(np.arange(len(subsets.members)), subsets.n_subsets)
    per_subset = max(1, n_images // subsets.n_subsets)
    draws = []
    states = [state for recording in recordings for state in recording.states]
    for i, state in enumerate(states):
        load_state(net, state)
        for j in range(n_draws):
            rng = seeds.generator(seed, "bank", i, j)
            generator = torch.Generator().manual_seed(seeds.derive(seed, "transforms", i, j))
            transforms = problem.draw(len(flat), mirror, generator)
            chosen = [rng.choice(part, per_subset, len(part) < per_subset) for part in flat]
            gradients = _real_gradients(net, problem, chosen, labels, transforms)
            draws.append(Draw(state, transforms, gradients))
            advance()
    return Bank(net, draws)


def load_state(net: nn.Module, state: State) -> None:
    """Copy a state into the network; cheaper than load_state_dict, which also checks."""
    with torch.no_grad():
        for name, value in net.state_dict().items():
            value.copy_(state[name])


def _real_gradients(
    net: nn.Module,
    problem: Problem,
    chosen: Sequence[np.ndarray],
    labels: np.ndarray,
    transforms: Transforms,
) -> list[Tensor]:
    """Mean gradients of equally many real images per subset, a few subsets per pass."""
    per_subset = len(chosen[0])
    per_pass = max(1, IMAGES_PER_PASS // per_subset)
    passes = []
    for start in range(0, len(chosen), per_pass):
        groups = chosen[start : start + per_pass]
        owner = torch.arange(start, start + len(groups)).repeat_interleave(per_subset)
        x = problem.move(
            problem.to_tensor(problem.real.x[np.concatenate(groups)]), transforms[owner]
        )
        y = torch.from_numpy(labels)[owner].to(problem.device)
        sizes = [per_subset] * len(groups)
        made = group_gradients(net, x, y, sizes, False, problem.task.loss)
        passes.append([gradient.bfloat16() for gradient in made])
    return [torch.cat(layer) for layer in zip(*passes, strict=True)]
