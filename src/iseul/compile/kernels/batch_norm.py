# SPDX-License-Identifier: Apache-2.0
"""Batch normalisation has no kernel: it is part of the convolution before it."""

CARDS = ()
REMEDY = "fold it into the convolution before it first (pass fold_batch_norm)"
