# SPDX-License-Identifier: Apache-2.0
"""What every other package needs and nothing of the field: errors, registry, config, files."""
