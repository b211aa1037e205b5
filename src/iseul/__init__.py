# SPDX-License-Identifier: Apache-2.0
"""Iseul: data and a task in, AI that is proven on a device out.

Public names are imported on first use, so that `import iseul` stays far under 0.3 s and
never loads torch.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "Graph": "iseul.graph.ir",
    "IseulError": "iseul.core.errors",
    "Target": "iseul.targets",
    "compile_graph": "iseul.compile",
    "interpret": "iseul.graph.interpret",
    "load_condensed": "iseul.condense._condensed",
    "load_graph": "iseul.graph.files",
    "load_target": "iseul.targets",
    "run_recipe": "iseul.pipeline",
    "save_graph": "iseul.graph.files",
    "verify_model": "iseul.device.verify",
}

__all__ = sorted([*_PUBLIC, "__version__"])


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'iseul' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
