# SPDX-License-Identifier: Apache-2.0
"""Networks that are trained between matching steps, in place of a bank.

A network serves a fixed number of steps, is trained a little before each and then replaced by
a fresh one. It learns from real samples ("online_real": Kim et al., ICML 2022) or from the
synthetic set as it is then ("online_syn": Zhao, Mopuri, Bilen, ICLR 2021). Its real gradients
are computed at each step: the bank without keeping anything, at full cost, and not for shards,
because with "online_syn" every step needs the whole synthetic set.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from iseul.condense._bank import Draw, by_layer, draw_once
from iseul.condense._gradients import layer_shapes
from iseul.condense._learning import BATCH, descend, real_batch, sgd
from iseul.condense._networks import settle, to_vector
from iseul.core import seed as seeds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from torch import Tensor, nn

    from iseul.condense._bank import Plan
    from iseul.condense._problem import Problem
    from iseul.condense._subsets import Partition


class Online:
    """Draws of a network in training; its steps are asked for in order.

    start:     the first step that is asked for
    served:    matching steps that one network serves; matching goes on only where one begins
    n_train:   training steps before each of them
    synthetic: stored samples -> samples and labels to train on; None: real ones
    families:  seed -> a fresh network, of each family; they come by turns
    """

    def __init__(
        self,
        problem: Problem,
        subsets: Partition,
        plan: Plan,
        start: int,
        served: int,
        n_train: int,
        seed: int,
        synthetic: Callable[[Tensor], tuple[Tensor, Tensor]] | None,
        families: Sequence[Callable[[int], nn.Module]],
    ) -> None:
        self.problem, self.subsets, self.plan = problem, subsets, plan
        self.start, self.served, self.n_train, self.seed = start, served, n_train, seed
        self.synthetic, self.families = synthetic, families
        self._step = -1
        self._now: Draw | None = None

    def pick(self, step: int, groups: slice, rng: np.random.Generator, x: Tensor) -> Draw:
        """The draw of a step; a new step trains the network first."""
        if self._now is None or step != self._step:
            self._now, self._step = self._next(step, x), step
        return replace(
            self._now,
            transforms=self._now.transforms[torch.arange(groups.start, groups.stop)],
            gradients=[gradient[groups] for gradient in self._now.gradients],
        )

    def _next(self, step: int, x: Tensor) -> Draw:
        turn, place = divmod(step - self.start, self.served)
        family = turn % len(self.families)
        if place == 0:
            self.net = self.families[family](seeds.derive(self.seed, "init", turn))
            self.net.to(self.problem.device)
            self.optimizer = sgd(self.net)
        self.net.train().requires_grad_(True)
        self._train(torch.Generator().manual_seed(seeds.derive(self.seed, "train", step)), x)
        seed = seeds.derive(self.seed, "draw", step)
        statistics = seeds.derive(self.seed, "statistics", step)
        net = settle(self.net, self.problem, self.plan.mirror, statistics).eval()
        net.requires_grad_(False)
        transforms, flat = draw_once(net, self.problem, self.subsets, self.plan, seed)
        gradients = by_layer(flat, layer_shapes(net))
        return Draw(family, to_vector(net), transforms, gradients)

    def _train(self, generator: torch.Generator, x: Tensor) -> None:
        problem, mirror = self.problem, self.plan.mirror
        given = self.synthetic(x.detach()) if self.synthetic is not None else None
        for _ in range(self.n_train):
            if given is None:
                batch, target = real_batch(problem, mirror, generator)
            else:
                index = torch.randperm(len(given[0]), generator=generator)[:BATCH]
                batch, target = given[0][index], given[1][index]
                batch = problem.move(batch, problem.draw(len(batch), mirror, generator))
            descend(self.net, self.optimizer, problem, batch, target)
