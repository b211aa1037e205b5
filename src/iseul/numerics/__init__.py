# SPDX-License-Identifier: Apache-2.0
"""What integers mean, bit for bit. numpy only; the formulas run on torch int64 tensors too.

The meanings are those of TensorFlow Lite Micro's reference kernels in their default build
(double rounding). Formulas use operators only, so one text serves the numpy oracle and the
torch judge.
"""

from typing import Any, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
