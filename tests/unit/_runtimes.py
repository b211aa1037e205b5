# SPDX-License-Identifier: Apache-2.0
"""TensorFlow Lite Micro and LiteRT in a process of their own.

Their libraries and torch's do not stand each other in one process, and they end the process on
models that they do not like. One child serves all tests of a process; it is started again if it
dies.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np

PACKAGES = {"tflm": "tflite_micro", "litert": "ai_edge_litert"}


def missing(runtime: str) -> str | None:
    """None if a runtime is installed, else what to say when a test is skipped."""
    package = PACKAGES[runtime]
    return None if find_spec(package) is not None else f"{package} is not installed"


class _Child:
    """The process, and one request at a time."""

    process: subprocess.Popen[bytes] | None = None

    def ask(self, *request: Any) -> Any:
        """The answer. Raises RuntimeError with the runtime's words, or that it died."""
        if self.process is None or self.process.poll() is not None:
            words = [sys.executable, __file__]
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(
                words, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
            )
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            pickle.dump(request, self.process.stdin)
            self.process.stdin.flush()
            is_fine, answer = pickle.load(self.process.stdout)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            self.process.kill()
            raise RuntimeError("the runtime ended its process") from None
        if not is_fine:
            raise RuntimeError(answer)
        return answer


_child = _Child()


class Interpreter:
    """A model in a runtime: "tflm", or "litert" with its reference kernels."""

    def __init__(self, runtime: str, data: bytes, n_outputs: int) -> None:
        _child.ask("load", runtime, data, n_outputs)

    def run(self, inputs: list[np.ndarray]) -> list[np.ndarray]:
        """The outputs of one invoke of the model that was loaded last."""
        found: list[np.ndarray] = _child.ask("run", [np.ascontiguousarray(x) for x in inputs])
        return found


class _Served:
    """What the child holds."""

    def load(self, runtime: str, data: bytes, n_outputs: int) -> None:
        self.runtime, self.n_outputs = runtime, n_outputs
        if runtime == "tflm":
            from tflite_micro.python.tflite_micro import runtime as micro

            arena_size = len(data) * 10 + (1 << 20)
            self.model: Any = micro.Interpreter.from_bytes(data, arena_size=arena_size)
            return
        from ai_edge_litert import interpreter as litert

        resolver = litert.OpResolverType.BUILTIN_REF
        self.model = litert.Interpreter(model_content=data, experimental_op_resolver_type=resolver)
        self.model.allocate_tensors()

    def run(self, inputs: list[np.ndarray]) -> list[np.ndarray]:
        if self.runtime == "tflm":
            for i, x in enumerate(inputs):
                self.model.set_input(x, i)
            self.model.invoke()
            return [np.array(self.model.get_output(i)) for i in range(self.n_outputs)]
        for details, x in zip(self.model.get_input_details(), inputs, strict=True):
            self.model.set_tensor(details["index"], x)
        self.model.invoke()
        return [
            np.array(self.model.get_tensor(d["index"])) for d in self.model.get_output_details()
        ]


def _serve() -> None:
    # what the libraries print must not come between the answers
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    served = _Served()
    while True:
        try:
            what, *arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer = (True, getattr(served, what)(*arguments))
        except Exception as error:
            answer = (False, f"{type(error).__name__}: {error}")
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    _serve()
