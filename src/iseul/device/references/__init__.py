# SPDX-License-Identifier: Apache-2.0
"""References: other runtimes that can run a model's file, to compare whole models with.

An entry defines

    SUFFIXES   of the files that it runs
    IS_ORACLE  True if its integers are what Iseul's must equal; else differences are only sized
    available  () -> None, or why it can not run here and what installs it
    version    () -> its version
    outputs    (path, inputs) -> one array (n, *shape) per output; state starts fresh for each
               sample. It runs in a process of its own (`_child.py`), as foreign runtimes may
               end the process on models that they do not like
"""

KIND = "reference"
REQUIRED = ("SUFFIXES", "IS_ORACLE", "available", "version", "outputs")
