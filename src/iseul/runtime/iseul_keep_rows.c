// SPDX-License-Identifier: Apache-2.0
// iseul_keep_rows: the last n bytes of a band of rows, which begin `shift` bytes behind its start,
// move to the start; rows that come next are made behind them.
//
// band     shift + n bytes
// scratch  none
// Meaning: compile/bands.py. Exact: bytes are copied.
#include "iseul_move.h"

void iseul_keep_rows(uint8_t *band, int32_t shift, int32_t n) {
  for (; n > shift; n -= shift) {
    memcpy(band, band + shift, (size_t)shift);
    band += shift;
  }
  memcpy(band, band + shift, (size_t)n);
}
