# SPDX-License-Identifier: Apache-2.0
"""Kernels of RMS normalization: layer normalization without a mean."""

from iseul.compile.kernels._normalizing import layer

CARDS = layer(is_centred=0)
