# SPDX-License-Identifier: Apache-2.0
"""Kernels of layer normalization."""

from iseul.compile.kernels._normalizing import layer

CARDS = layer(is_centred=1)
