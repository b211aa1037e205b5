# SPDX-License-Identifier: Apache-2.0
"""The compiler: lowered graph, memory plan, C."""
