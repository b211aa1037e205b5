# SPDX-License-Identifier: Apache-2.0
"""Kernel cards: one file per op; which kernels can run it, what they need, what they cost.

An entry defines `CARDS`, a tuple of `_card.Card`, best first. It may define `REMEDY`, what to do
about a node that no card can run. A new kernel of an op that is here already is

    runtime/<symbol>.c        one C function, void <symbol>(const <params> *p, in.., out[, scratch])
    iseul_<family>.h          its parameter struct and prototype
    one Card in kernels/<op>.py

and nothing else: selection, planning, constants, C text and tests pick it up.
"""

KIND = "kernel cards"
REQUIRED = ("CARDS",)
