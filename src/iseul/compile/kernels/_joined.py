# SPDX-License-Identifier: Apache-2.0
"""Rows of weights that are joined two by two, as `iseul_joined.h` reads them.

A joined row holds 256 a + b in 16 bits (`prove.Halfwords`).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from iseul.compile import prove
from iseul.compile.proofs import SharedHalfwords

if TYPE_CHECKING:
    from iseul.numerics import Array


def filled(rows: Array, n_together: int) -> Array:
    """Rows (n, k), filled up with zeros to multiples of n_together and of 4."""
    n, k = rows.shape
    full = np.zeros((-(-n // n_together) * n_together, -(-k // 4) * 4), rows.dtype)
    full[:n, :k] = rows
    return full


def join(rows: Array, bias: Array) -> prove.Halfwords | None:
    """Row 2 i with row 2 i + 1, or None if some do not fit. rows: (n, k), n even; bias: (n)."""
    whole = rows.astype(np.int64)
    return prove.in_halfwords(whole[1::2], whole[::2], bias[::2].astype(np.int64))


def proof(rows: Array, bias: Array) -> SharedHalfwords:
    """The proof of what `join` gives. A pair's second row is the one that is taken apart."""
    form = join(rows, bias)
    assert form is not None
    swapped = rows.reshape(-1, 2, rows.shape[1])[:, ::-1].reshape(rows.shape)
    return SharedHalfwords(form, swapped)


def fours(rows: Array, bias: Array) -> Array:
    """What `iseul_joined_4x1` reads, one block of four rows after the other, as words.

    rows: (n, k), n and k multiples of 4; bias: (n); they can be joined

    Gives (n / 4, 4 + k): of a block four sums to start with, then for each four inputs the pairs
    0, 2 of both joined rows, and the pairs 1, 3.
    """
    proof = join(rows, bias)
    assert proof is not None
    n, k = rows.shape
    # block, joined row, step, half, parity
    pairs = proof.shared.astype(np.int16).reshape(n // 4, 2, k // 4, 2, 2)
    words = np.ascontiguousarray(pairs.transpose(0, 2, 4, 1, 3)).view("<i4")
    return np.concatenate([starts(bias).reshape(-1, 4), words.reshape(n // 4, k)], axis=1)


def joinable_order(rows: Array, bias: Array) -> Array | None:
    """(n,): the rows of each block of four in an order in which they can be joined, or None."""
    found: list[int] = []
    for i in range(0, len(rows), 4):
        for order in itertools.permutations(range(i, i + 4)):
            if join(rows[list(order)], bias[list(order)]) is not None:
                break
        else:
            return None
        found += order
    return np.array(found)


def fours_in_order(rows: Array, bias: Array, order: Array) -> Array:
    """As `fours` of rows in an order, with a word behind each block whose bytes tell it: four
    times the row's place.
    """
    places = (order % 4 * 4).reshape(-1, 4) << np.array([0, 8, 16, 24])
    blocks = fours(rows[order], bias[order])
    return np.concatenate([blocks, places.sum(axis=1, keepdims=True)], axis=1).astype(np.int32)


def twos(rows: Array, bias: Array) -> tuple[Array, Array]:
    """What sums of each two rows start with, (n / 2, 2), and their weights for
    `iseul_blocks_2x3`, (n / 2, k); arguments as of `fours`.
    """
    proof = join(rows, bias)
    assert proof is not None
    n, k = rows.shape
    pairs = proof.shared.astype(np.int16).reshape(n // 2, k // 4, 2, 2).transpose(0, 1, 3, 2)
    return starts(bias), np.ascontiguousarray(pairs).reshape(n // 2, k)


def starts(bias: Array) -> Array:
    """Where the sums of joined rows start: 256 bias_a + bias_b, then bias_b, modulo 2^32."""
    pairs = bias.astype(np.int64).reshape(-1, 2)
    first = (256 * pairs[:, 0] + pairs[:, 1]) & 0xFFFFFFFF
    return np.stack([first.astype(np.uint32).view(np.int32), pairs[:, 1].astype(np.int32)], 1)
