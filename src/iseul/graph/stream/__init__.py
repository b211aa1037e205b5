# SPDX-License-Identifier: Apache-2.0
"""A network over windows of a stream becomes one that takes the stream frame by frame.

`stream_graph` gives a normal graph with states: rings of the last frames that some node reads
again. `_frames.py` has the arithmetic of windows, `_rules.py` what each op does with frames,
`_plan.py` what every node of a graph reads, `_rewrite.py` the graph that comes out.
"""

from iseul.graph.stream._compare import compare_windows, windows_of
from iseul.graph.stream._rewrite import Streamed, stream_graph

__all__ = ["Streamed", "compare_windows", "stream_graph", "windows_of"]
