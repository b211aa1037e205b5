# SPDX-License-Identifier: Apache-2.0
"""Uses of a condensed set: one file each, a finished run in, what the set is worth there out."""

KIND = "use of a condensed set"
REQUIRED = (
    "STAGES",
    "Config",
    "run",
    "table",
)
