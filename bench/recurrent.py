# SPDX-License-Identifier: Apache-2.0
"""Instructions of recurrent layers beside those of the peer's kernels.

    python bench/recurrent.py DIR

DIR has the models as .tflite files. What the peer needs stands in peer_recurrent.json, with how
it was counted. Exit code 1 if a layer is less than twice as fast.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from iseul.compile import compile_graph
from iseul.device.measure import profile_package
from iseul.graph.read import tflite
from iseul.targets import load_target

FACTS = Path(__file__).with_name("peer_recurrent.json")
WANTED = 2.0
BOARD = "nucleo-l4r5zi"


def main(folder: Path) -> int:
    facts = json.loads(FACTS.read_text())
    counted = {}
    for file in dict.fromkeys(layer["file"] for layer in facts["layers"]):
        graph = tflite.read(folder / f"{file}.tflite")
        counted[file] = profile_package(compile_graph(graph, load_target(BOARD)))["nodes"]
    slow = 0
    for layer in facts["layers"]:
        nodes = [node for node in counted[layer["file"]] if node["op"] == layer["op"]]
        ours, theirs = nodes[layer["index"]]["instructions"], layer["instructions"]
        slow += theirs < WANTED * ours
        place = f"{layer['file']} {layer['op']} {layer['index']}"
        print(f"{place:38} {ours:>9,} {theirs:>9,} {theirs / ours:5.2f}")
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
