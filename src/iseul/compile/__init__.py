# SPDX-License-Identifier: Apache-2.0
"""The compiler: lowered graph, memory plan, C."""

from iseul.compile._compile import compile_graph
from iseul.compile._package import Package, Step, write_package
from iseul.compile.check import bounds_of, check_fits, check_model
from iseul.compile.cost import predict_instructions
from iseul.compile.plan import Buffer, Plan
from iseul.compile.prove_passes import proven_passes

__all__ = [
    "Buffer",
    "Package",
    "Plan",
    "Step",
    "bounds_of",
    "check_fits",
    "check_model",
    "compile_graph",
    "predict_instructions",
    "proven_passes",
    "write_package",
]
