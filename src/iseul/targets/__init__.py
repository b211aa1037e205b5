# SPDX-License-Identifier: Apache-2.0
"""Boards: one TOML file each, read into a frozen `Target`. The file name is the board's name."""

from iseul.targets._target import Target, load_target, target_names

KIND = "board"

__all__ = ["KIND", "Target", "load_target", "target_names"]
