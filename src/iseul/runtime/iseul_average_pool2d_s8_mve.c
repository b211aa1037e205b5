// SPDX-License-Identifier: Apache-2.0
// iseul_average_pool2d_s8_mve: average over windows without padding, rounded half away from zero,
// clamped; eight channels at a time.
//
// in       (batch, in_h, in_w, in_c), in_c at least 8
// out      (batch, out_h, out_w, in_c), position by position: in its order it may run over in
// scratch  none
// Where channels are no multiple of 8 the last eight are made again with those in front of them.
// Meaning: graph/ops/average_pool2d.py; compile/kernels/_mve.py has gone through all sums that
// are divided. Exact: all judges agree to the bit.
#include "iseul_mve.h"

void iseul_average_pool2d_s8_mve(const iseul_average_pool_mve_t *p, const int8_t *in,
                                 int8_t *out) {
  const iseul_window_t *const g = &p->window;
  const int32_t c = g->in_c;
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      for (int32_t x = 0; x < g->out_w; ++x) {
        const int8_t *const first = in + (y * g->stride_h * g->in_w + x * g->stride_w) * c;
        for (int32_t k = 0; k < c; k += 8) {
          const int32_t from = c - k < 8 ? c - 8 : k;
          iseul_average_8_mve(p, first + from, out + from);
        }
        out += c;
      }
    }
    in += g->in_h * g->in_w * c;
  }
}
