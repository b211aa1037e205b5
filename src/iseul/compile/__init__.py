# SPDX-License-Identifier: Apache-2.0
"""The compiler: lowered graph, memory plan, C."""

from iseul.compile._compile import compile_graph
from iseul.compile._package import Package, Step, write_package
from iseul.compile.check import check_fits, check_model
from iseul.compile.cost import predict_instructions
from iseul.compile.plan import Buffer, Plan

__all__ = [
    "Buffer",
    "Package",
    "Plan",
    "Step",
    "check_fits",
    "check_model",
    "compile_graph",
    "predict_instructions",
    "write_package",
]
