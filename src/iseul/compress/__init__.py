# SPDX-License-Identifier: Apache-2.0
"""Compression: prune, quantize, fine-tune; graph in, graph out."""
