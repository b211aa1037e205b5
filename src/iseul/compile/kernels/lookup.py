# SPDX-License-Identifier: Apache-2.0
"""The kernel of tables of one int8."""

from iseul.compile.kernels._lookup import lookup

CARDS = (lookup("lookup"),)
