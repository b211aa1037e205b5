# SPDX-License-Identifier: Apache-2.0
"""Ops on the pixels of images: blocks and other sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.core.errors import DataError
from iseul.graph.read._tflite._operation import Entry
from iseul.graph.read._tflite.move import numbers, pairs

if TYPE_CHECKING:
    from iseul.graph.ir import Node
    from iseul.graph.ops._resizing import Coordinates
    from iseul.graph.read._tflite._operation import Operation


class SpaceToDepthOptions:
    UNION = 19
    BLOCK_SIZE = 0


class DepthToSpaceOptions:
    UNION = 94
    BLOCK_SIZE = 0


class ResizeBilinearOptions:
    UNION = 15
    ALIGN_CORNERS = 2
    HALF_PIXEL_CENTERS = 3


class ResizeNearestNeighborOptions:
    UNION = 74
    ALIGN_CORNERS = 0
    HALF_PIXEL_CENTERS = 1


def _space_to_batch(op: Operation) -> list[Node]:
    block = numbers(op, 1)
    return op.moved("space_to_batch_nd", op.input(0), block=block, pads=pairs(op, 2, len(block)))


def _batch_to_space(op: Operation) -> list[Node]:
    block = numbers(op, 1)
    return op.moved("batch_to_space_nd", op.input(0), block=block, crops=pairs(op, 2, len(block)))


def _space_to_depth(op: Operation) -> list[Node]:
    block = op.options.integer(SpaceToDepthOptions.BLOCK_SIZE, "i4")
    return op.moved("space_to_depth", op.input(0), block=block)


def _depth_to_space(op: Operation) -> list[Node]:
    block = op.options.integer(DepthToSpaceOptions.BLOCK_SIZE, "i4")
    return op.moved("depth_to_space", op.input(0), block=block)


def _coordinates(op: Operation, fields: Any) -> Coordinates:
    aligned = op.options.flag(fields.ALIGN_CORNERS)
    half = op.options.flag(fields.HALF_PIXEL_CENTERS)
    if aligned and half:
        raise DataError(
            f'{op.kind} "{op.name}" aligns corners and half pixels, must be one of both'
        )
    return "align_corners" if aligned else "half_pixel" if half else "asymmetric"


def _resize_bilinear(op: Operation) -> list[Node]:
    coordinates = _coordinates(op, ResizeBilinearOptions)
    size = numbers(op, 1, 2)
    return op.moved("resize_bilinear", op.input(0), size=size, coordinates=coordinates)


def _resize_nearest(op: Operation) -> list[Node]:
    coordinates = _coordinates(op, ResizeNearestNeighborOptions)
    rounding = "down" if coordinates == "asymmetric" else "half_up"
    return op.moved(
        "resize_nearest",
        op.input(0),
        size=numbers(op, 1, 2),
        coordinates=coordinates,
        rounding=rounding,
    )


CONVERTERS: dict[str, Entry] = {
    "BATCH_TO_SPACE_ND": Entry(_batch_to_space, 3),
    "DEPTH_TO_SPACE": Entry(_depth_to_space, 1, DepthToSpaceOptions.UNION),
    "RESIZE_BILINEAR": Entry(_resize_bilinear, 2, ResizeBilinearOptions.UNION),
    "RESIZE_NEAREST_NEIGHBOR": Entry(_resize_nearest, 2, ResizeNearestNeighborOptions.UNION),
    "SPACE_TO_BATCH_ND": Entry(_space_to_batch, 3),
    "SPACE_TO_DEPTH": Entry(_space_to_depth, 1, SpaceToDepthOptions.UNION),
}
