# SPDX-License-Identifier: Apache-2.0
"""Random chains of nodes over rows, with residuals: what can run by bands of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cases._case import Net, balanced, quant

if TYPE_CHECKING:
    from iseul.graph.ir import Graph


def random_chain(seed: int) -> Graph:
    """3 to 7 nodes: windows of odd sizes, strides, dilations and paddings, pools, what works
    element by element, and additions of an earlier value.
    """
    net = Net(f"chain {seed}")

    def roll(low: int, high: int) -> int:
        return int(net.random.integers(low, high + 1))

    x = net.int8((1, roll(7, 19), roll(3, 9), roll(1, 6)), zero_point=roll(-9, 9))
    made = [x]
    for _ in range(roll(3, 7)):
        _, h, w, c = net.values[x].shape
        same = [v for v in made if v != x and net.values[v].shape == net.values[x].shape]
        kinds = ["conv2d", "conv2d", "depthwise_conv2d", "relu", *(["pool"] * (h > 4)), *same[:1]]
        kind = kinds[roll(0, len(kinds) - 1)]
        scale = quant(float(net.random.uniform(0.03, 0.1)), roll(-20, 20))
        kernel = (min(roll(1, 4), h), min(roll(1, 3), w))
        dilation = (roll(1, 2), 1) if h > 2 * kernel[0] else (1, 1)
        stride = (roll(1, 2), roll(1, 2)) if h > 6 else (1, 1)
        pads = (
            *(roll(0, kernel[0] - 1) for _ in range(2)),
            *(roll(0, kernel[1] - 1) for _ in range(2)),
        )
        window = {"pads": pads, "stride": stride}
        if kind == "conv2d":
            n = roll(1, 7)
            weights = [net.weights((n, *kernel, c), 0), net.bias(n)]
            at = quant(balanced(kernel[0] * kernel[1] * c), roll(-9, 9))
            act = "relu" if roll(0, 1) else "none"
            x = net.node(kind, [x, *weights], quant=at, activation=act, dilation=dilation, **window)
        elif kind == "depthwise_conv2d":
            weights = [net.weights((1, *kernel, c), 3)]
            at = quant(balanced(kernel[0] * kernel[1]), -128 if roll(0, 1) else 2)
            act = "relu" if at.zero_point[0] == -128 else "none"
            x = net.node(kind, [x, *weights], quant=at, activation=act, dilation=dilation, **window)
        elif kind == "pool":
            kind = "max_pool2d" if roll(0, 1) else "average_pool2d"
            x = net.node(kind, [x], kernel_size=kernel, quant=net.values[x].quant, **window)
        elif kind == "relu":
            x = net.node("relu", [x], quant=scale)
        else:
            x = net.node("add", [x, kind], quant=scale)
        made.append(x)
    return net.graph([x], "quantized")
