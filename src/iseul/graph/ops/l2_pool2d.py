# SPDX-License-Identifier: Apache-2.0
"""Square root of the mean square over windows, NHWC; taps on padding are not counted. Float only.

Inputs: x (N, H, W, C).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _pooling as pooling
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops import average_pool2d

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = True
Attrs = pooling.Attrs
infer = pooling.infer


def _plain(attrs: Attrs) -> average_pool2d.Attrs:
    """The window as an average pool without an activation."""
    return average_pool2d.Attrs(**(attrs.model_dump() | {"activation": "none"}))


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    mean = average_pool2d.run(_plain(attrs), [inputs[0] * inputs[0]], io)[0]
    return [quantized.clamp_real(np.sqrt(mean), attrs.activation)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, differentiable."""
    mean = average_pool2d.run_torch(_plain(attrs), [inputs[0] * inputs[0]], io)[0]
    return [quantized.clamp_torch(mean.sqrt(), attrs.activation)]


constraints = (quantized.all_float,)
