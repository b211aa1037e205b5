# SPDX-License-Identifier: Apache-2.0
"""Weight gradients of many groups of images from one pass through a network.

One batched forward and backward gives every layer's input and the loss's gradient at its
output; a group's weight gradient is their product, one batched matrix product per layer
(unfolded input for convolutions). For groups of a few images this is several times faster
on a CPU than a loop over groups, and than vmap over per-sample gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from iseul.core.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

Layer = nn.Conv2d | nn.Linear
Loss = Callable[[nn.Module, "Tensor", "Tensor"], "Tensor"]


@contextmanager
def _taped(net: nn.Module) -> Iterator[list[tuple[Layer, Tensor, Tensor]]]:
    """Notes (layer, input, output) of every conv and linear layer that runs."""
    tape: list[tuple[Layer, Tensor, Tensor]] = []

    def note(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        assert isinstance(layer, Layer)
        # Weights are frozen: with real images nothing asks for a gradient unless we do.
        if not output.requires_grad:
            output.requires_grad_()
        tape.append((layer, inputs[0], output))

    hooks = [m.register_forward_hook(note) for m in net.modules() if isinstance(m, Layer)]
    try:
        yield tape
    finally:
        for hook in hooks:
            hook.remove()


def layer_shapes(net: nn.Module) -> list[tuple[int, int]]:
    """(rows, columns) of each gradient that `group_gradients` returns, in its order."""
    weights = [m.weight for m in net.modules() if isinstance(m, Layer)]
    return [(len(weight), weight[0].numel()) for weight in weights]


def group_gradients(
    net: nn.Module, x: Tensor, y: Tensor, sizes: Sequence[int], keep_graph: bool, loss_of: Loss
) -> list[Tensor]:
    """Gradient of each group's mean loss, for the weights of conv and linear layers.

    Biases and norms are left out, as in the literature: few numbers, no texture.

    net:         frozen parameters, no in-place activations, no norm across the batch
    x, y:        (B, C, H, W), (B,): images of group 0, then of group 1, ...
    sizes:       images per group; they sum to B
    loss_of:     (net, x, y) -> (B,), one loss per image
    keep_graph:  True: the result can be differentiated by x once more
    returns:     per layer (G, C_out, C_in * taps) float32
    """
    counts = torch.tensor(sizes)
    with torch.enable_grad(), _taped(net) as tape:
        losses = loss_of(net, x, y)
    weights = (1 / counts).repeat_interleave(counts).to(x)
    loss = (losses * weights).sum()
    place = {id(module): i for i, module in enumerate(net.modules())}
    tape.sort(key=lambda entry: place[id(entry[0])])  # as `layer_shapes` has them
    outputs = [output for _, _, output in tape]
    upstream = torch.autograd.grad(loss, outputs, create_graph=keep_graph)
    return [
        _grouped(*_factors(layer, given if keep_graph else given.detach(), gradient), sizes)
        for (layer, given, _), gradient in zip(tape, upstream, strict=True)
    ]


def _factors(layer: Layer, given: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """left (B, g, rows, P) and right (B, g, P, columns): left @ right is a weight gradient.

    P positions, g convolution groups.
    """
    if isinstance(layer, nn.Linear):
        # (B, [positions,] features): one position where there is no such axis
        left, right = (t.reshape(len(t), 1, -1, t.shape[-1]) for t in (gradient, given))
        return left.transpose(2, 3), right
    if isinstance(layer.padding, str) or layer.padding_mode != "zeros":
        raise UnsupportedError(
            f'condense: conv with padding "{layer.padding}", mode "{layer.padding_mode}" '
            "has no per-subset gradient",
            "a matching network with numeric zero padding, such as convnet",
        )
    taps = F.unfold(given, layer.kernel_size, layer.dilation, layer.padding, layer.stride)
    n, groups = len(given), layer.groups
    left = gradient.reshape(n, groups, -1, taps.shape[-1])
    right = taps.view(n, groups, -1, taps.shape[-1]).transpose(2, 3)
    return left, right


def _grouped(left: Tensor, right: Tensor, sizes: Sequence[int]) -> Tensor:
    """Sum of left @ right over the images of each group: (G, C_out, columns).

    A product per image is small beside its factors; folding a group's images into one product
    would copy those.
    """
    each = (left @ right).flatten(1, 2)
    owner = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes)).to(each.device)
    return each.new_zeros(len(sizes), *each.shape[1:]).index_add(0, owner, each)
