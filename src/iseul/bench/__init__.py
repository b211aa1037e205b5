# SPDX-License-Identifier: Apache-2.0
"""Side by side: what Iseul makes of known models, beside figures that others are known for."""
