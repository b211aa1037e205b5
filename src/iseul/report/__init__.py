# SPDX-License-Identifier: Apache-2.0
"""Reports: read artefacts, draw, write HTML and JSON. Never imports torch."""
