# SPDX-License-Identifier: Apache-2.0
"""Model families: one file each, `build(config, input_shape, n_classes) -> nn.Module`."""

KIND = "model family"
REQUIRED = (
    "Config",
    "build",
    "TINY",
)
