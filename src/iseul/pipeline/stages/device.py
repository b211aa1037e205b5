# SPDX-License-Identifier: Apache-2.0
"""Device: the generated C runs on the emulated chip and must equal the oracle, bit for bit.

Every value is compared on `n_samples` test samples by all judges; the C built for the host
is compared with the oracle on the whole test set (reals within the tolerance of `verify`).
Writes verify.json, predictions.npz and, for a board, profile.json. Raises VerifyError if one
bit differs, naming the first node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.artifact import write_json
from iseul.core.errors import VerifyError

if TYPE_CHECKING:
    from iseul.compile import Package
    from iseul.core.artifact import Draft
    from iseul.pipeline._context import Context
    from iseul.pipeline.recipe import Recipe


def wanted(recipe: Recipe) -> bool:
    return recipe.device is not None


def method(recipe: Recipe) -> str:
    return f"{recipe.board.name}: {', '.join(judges_of(recipe))}"


def needs(recipe: Recipe) -> tuple[str, ...]:
    return ("train", "compress", "compile")


def depends(recipe: Recipe) -> Any:
    from iseul.device.measure import tool_versions

    return {
        "data": recipe.data.dump(),
        "device": recipe.table("device"),
        "board": recipe.board.model_dump(mode="json"),
        "tools": tool_versions(recipe.board),
    }


def run(context: Context, draft: Draft) -> None:
    from iseul.device._chip import is_chip
    from iseul.device.verify import verify_package
    from iseul.pipeline.stages.compile import build_package
    from iseul.pipeline.stages.compress import device_inputs

    device, on_host = context.recipe.device, context.recipe.board.core == "host"
    assert device is not None
    package = build_package(context)
    x = device_inputs(context, package.graph, context.splits.test.x[: device.n_samples])
    verdict = verify_package(package, [x], judges=judges_of(context.recipe))
    write_json(draft.path / "verify.json", verdict)
    demand_equal(verdict)
    if is_chip(context.recipe.board):
        _profile(package, [x[:1]], draft)
    predicted = _whole_test_set(context, package)
    y = context.splits.test.y
    outputs = np.load(context.folder("compress") / "outputs.npz")["arr_0"]
    np.savez(
        draft.path / "predictions.npz",
        y=y,
        compressed=outputs.reshape(len(y), -1).argmax(1),
        device=predicted,
    )
    draft.metrics |= {
        "accuracy": float((predicted == y).mean()),
        "classes": list(context.splits.classes),
        "n_compared_host": len(y),
        "n_compared_device": 0 if on_host else len(x),
    }


def judges_of(recipe: Recipe) -> tuple[str, ...]:
    """Who must agree: the oracle, the C on this computer and, for a board, the C on its chip."""
    from iseul.device.verify import judges_of as judges_of_board

    return judges_of_board(recipe.board)


def _profile(package: Package, inputs: list[Any], draft: Draft) -> None:
    from iseul.device.measure import profile_package

    profile = profile_package(package, inputs)
    write_json(draft.path / "profile.json", profile)
    draft.metrics["instructions"] = profile["instructions"]


def demand_equal(verdict: dict[str, Any]) -> None:
    """Raise VerifyError unless all judges agree."""
    if verdict["equal"]:
        return
    first = verdict["first_difference"]
    raise VerifyError(
        f'{first["op"]} "{first["node"]}": sample {first["input"]}, index {first["index"]}: '
        f"expected {first['expected']}, got {first['got']}",
        "report this with the model: a shortcut of the compiler is wrong",
    )


def _whole_test_set(context: Context, package: Package) -> Any:
    """Predictions of the generated C, built for the host; every output must be the oracle's."""
    from iseul.device.runners import host
    from iseul.device.verify import FLOAT_TOLERANCE, first_difference
    from iseul.pipeline.stages.compress import device_inputs

    x = device_inputs(context, package.graph, context.splits.test.x)
    got = host.run(package, [x]).outputs[0]
    want = np.load(context.folder("compress") / "outputs.npz")["arr_0"]
    at = first_difference(want, got, FLOAT_TOLERANCE)
    if at is not None:
        raise VerifyError(
            f"generated C on the host: test sample {at[0]}, output index {list(at[1:])}: "
            f"expected {want[at]}, got {got[at]}",
            "iseul verify names the first node that differs",
        )
    return got.reshape(len(got), -1).argmax(1)
