# SPDX-License-Identifier: Apache-2.0
"""DLinear: a forecast as two linear maps of the past, one of its trend, one of the rest.

The trend is a moving average; what is left is the rest. All series (variables) share the maps,
so each is foretold from its own past. A strong baseline of long forecasts, small and cheap.
Paper: Zeng, Chen, Zhang, Xu: Are Transformers Effective for Time Series Forecasting?, AAAI 2023;
       the variant with shared weights. Time is the rows of the input here.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import nn

from iseul.core.config import Config as Base


class Config(Base):
    """One dial: how smooth the trend is."""

    window: int = Field(default=25, ge=1, description="values that the moving average spans, odd")


TINY = Config(window=5)


def build(config: Config, input_shape: tuple[int, int, int], n_outputs: int) -> nn.Module:
    """NCHW reals to (B, n_outputs): the horizon of series 0, then of series 1, ...

    input_shape: (time, W, C): W * C series
    n_outputs:   horizon times series; where series do not divide it, the maps read all of
                 them at once
    """
    return DLinear(config, input_shape, n_outputs)


class DLinear(nn.Module):
    """See the file's header."""

    def __init__(self, config: Config, input_shape: tuple[int, int, int], n_outputs: int) -> None:
        super().__init__()
        time, width, channels = input_shape
        series = width * channels
        self.is_shared = n_outputs % series == 0
        self.reach = config.window // 2
        n_in, n_out = (time, n_outputs // series) if self.is_shared else (time * series, n_outputs)
        self.rest = nn.Linear(n_in, n_out)
        self.trend = nn.Linear(n_in, n_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        past = x.permute(0, 1, 3, 2).flatten(1, 2)  # (B, series, time)
        ends = nn.functional.pad(past, (self.reach, self.reach), mode="replicate")
        trend = nn.functional.avg_pool1d(ends, 2 * self.reach + 1, stride=1)
        rest = past - trend
        if not self.is_shared:
            rest, trend = rest.flatten(1), trend.flatten(1)
        made = self.rest(rest) + self.trend(trend)
        return made.flatten(1)
