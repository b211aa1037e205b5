// SPDX-License-Identifier: Apache-2.0
// iseul_taper_s16: signals times a window: (x * weight) >> shift, saturated.
//
// in, out  rows * size values; out may be in
// scratch  none
// Meaning: graph/ops/window.py. Exact: all judges agree to the bit.
#include "iseul_signal.h"

void iseul_taper_s16(const iseul_taper_t *p, const int16_t *in, int16_t *out) {
  for (int32_t r = 0; r < p->rows; ++r) {
    for (int32_t i = 0; i < p->size; ++i) {
      const int32_t product = ((int32_t)*in++ * p->weights[i]) >> p->shift;
      *out++ = (int16_t)iseul_clamp(product, INT16_MIN, INT16_MAX);
    }
  }
}
