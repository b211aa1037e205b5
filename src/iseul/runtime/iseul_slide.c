// SPDX-License-Identifier: Apache-2.0
// iseul_slide: a window moved on by `fresh` bytes, new ones at its end, for each of `outer` rows.
//
// x        outer * fresh bytes; not overlapping with out
// window   outer * row bytes; fresh <= row
// out      outer * row bytes; window itself, or not overlapping
// scratch  none
// Meaning: graph/ops/slide.py. Exact: bytes are copied.
//
// Bytes move to lower addresses in rising order, so that in place none is overwritten before it
// is read: the words of a step are all read before any is written.
#include <string.h>

#include "iseul_move.h"

#define STEP 32  // bytes

// n bytes from a higher address, or from elsewhere.
static void move_down(uint8_t *to, const uint8_t *from, int32_t n) {
  int32_t i = 0;
  for (; i + STEP <= n; i += STEP) {
    uint32_t words[STEP / 4];
    memcpy(words, from + i, sizeof words);
    memcpy(to + i, words, sizeof words);
  }
  for (; i < n; ++i) {
    to[i] = from[i];
  }
}

void iseul_slide(const iseul_slide_t *p, const void *x, const void *window, void *out) {
  const int32_t row = p->row, fresh = p->fresh;
  for (int32_t o = 0; o < p->outer; ++o) {
    uint8_t *const to = (uint8_t *)out + o * row;
    move_down(to, (const uint8_t *)window + o * row + fresh, row - fresh);
    move_down(to + row - fresh, (const uint8_t *)x + o * fresh, fresh);
  }
}
