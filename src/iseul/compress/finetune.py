# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning on the graph itself: after pruning, or with fake quantization after PTQ.

The graph runs as a torch module (`graph/torch_run.py`) in the one training loop. A float
graph comes back float; a quantized graph keeps all its scales and comes back with the
integers that training found (quantization-aware training with fixed ranges).
Batch norm is folded by then, so layers differ much in the size of their weights: AdamW, which
scales steps per weight, is the default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from iseul.compress._logits import LogitsModule
from iseul.core.config import Config as Base
from iseul.graph.ir import Graph
from iseul.train import loop

if TYPE_CHECKING:
    from torch import nn

    from iseul.data._batch import Samples
    from iseul.train.loop import Distill


class Config(Base):
    """How long and how fast to fine-tune."""

    epochs: int = Field(default=10, ge=0, description="passes over the samples; 0 leaves the graph")
    batch: int = Field(default=128, ge=1, description="samples per step")
    optimizer: Literal["sgd", "adamw"] = Field(
        default="adamw", description="adamw, or sgd with Nesterov momentum 0.9"
    )
    lr: float = Field(default=2e-3, gt=0, description="highest learning rate, after the warm-up")
    warmup: float = Field(
        default=0.1, ge=0, lt=1, description="share of the steps in which lr rises from 0"
    )
    weight_decay: float = Field(
        default=5e-4, ge=0, description="pull of weights to 0; biases have none"
    )
    label_smoothing: float = Field(
        default=0.0, ge=0, lt=1, description="share of each target spread over all classes"
    )
    shift: int = Field(default=0, ge=0, description="augmentation: move by up to n pixels")
    flip: bool = Field(default=False, description="augmentation: mirror left to right, p = 0.5")
    ema: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="decay per step of a running mean of the weights; 0 off",
    )


def finetune(
    graph: Graph,
    samples: Samples,
    scale: float,
    config: Config,
    seed: int,
    teacher: Graph | nn.Module | None = None,
    distill: Distill | None = None,
) -> Graph:
    """The graph with weights trained further; same nodes, same level, softmax kept.

    scale:   real value = scale * raw
    teacher: a graph, such as the one before pruning, or a module from NCHW reals to logits
    distill: the loss against the teacher's logits; default as `train.loop.fit`
    """
    if config.epochs == 0:
        return graph
    model = LogitsModule(graph)
    settings = loop.Config(**config.model_dump())
    guide = LogitsModule(teacher) if isinstance(teacher, Graph) else teacher
    loop.fit(model, samples, scale, settings, seed, guide, distill, title="fine-tune")
    return model.to_graph()


def as_module(graph: Graph) -> nn.Module:
    """A graph as a module from NCHW reals to logits, for `train.evaluate` or as a teacher."""
    return LogitsModule(graph)
