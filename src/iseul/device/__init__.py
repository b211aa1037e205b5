# SPDX-License-Identifier: Apache-2.0
"""Devices: runners, measuring, verification."""
