# SPDX-License-Identifier: Apache-2.0
"""Training: one plain loop, evaluation, distillation."""
