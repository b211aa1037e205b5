# SPDX-License-Identifier: Apache-2.0
"""The graph: the one description between training and everything after it."""
