# SPDX-License-Identifier: Apache-2.0
"""Devices: runners, measuring, verification."""

from iseul.device._chip import RUNNERS, runner_of

__all__ = ["RUNNERS", "runner_of"]
