# SPDX-License-Identifier: Apache-2.0
"""Autoencoder: the input through a narrow middle and back; what it rebuilds badly is unusual.

Linear layers with ReLU, wide - wide - narrow - wide - wide, as in MLPerf Tiny's anomaly detection
(there 128 wide, 8 narrow). No batch norm: samples stay independent.
Source: Banbury et al.: MLPerf Tiny Benchmark, NeurIPS Datasets and Benchmarks 2021, after
        Koizumi et al.: DCASE 2020 Challenge Task 2.
"""

from __future__ import annotations

import itertools

import torch
from pydantic import Field
from torch import nn

from iseul.core.config import Config as Base


class Config(Base):
    """Widths of the layers."""

    width: int = Field(default=64, ge=1, description="values of the wide layers")
    narrow: int = Field(default=8, ge=1, description="values of the middle layer")


TINY = Config(width=16, narrow=4)


def build(config: Config, input_shape: tuple[int, int, int], n_outputs: int) -> nn.Module:
    """NCHW reals to (B, n_outputs): the values of the input, flattened, where they are as many."""
    height, width, channels = input_shape
    return Autoencoder(config, height * width * channels, n_outputs)


class Autoencoder(nn.Module):
    """See the file's header."""

    def __init__(self, config: Config, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        sizes = (n_inputs, config.width, config.width, config.narrow, config.width, config.width)
        layers: list[nn.Module] = []
        for n_in, n_out in itertools.pairwise(sizes):
            layers += [nn.Linear(n_in, n_out), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(config.width, n_outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layers(x.flatten(1))
        return out
