// SPDX-License-Identifier: Apache-2.0
// iseul_mean_factor_s8: means of int8 over axes, scaled by a float32 factor, rounded half to
// even, clamped.
//
// in       elements at the steps of `axes`
// out      keep_size[0] * .. * keep_size[3] values; not in
// scratch  none
// The factor holds both scales and 1 / n. Sums fit into 32 bits.
// Meaning: graph/ops/mean.py, requantization "float". Exact: all judges agree to the bit.
#include "iseul_factor.h"

static int32_t sum_of(const iseul_axes_t *g, const int8_t *x0) {
  int32_t total = 0;
  for (int32_t i = 0; i < g->drop_size[0]; ++i, x0 += g->drop_step[0]) {
    const int8_t *x1 = x0;
    for (int32_t j = 0; j < g->drop_size[1]; ++j, x1 += g->drop_step[1]) {
      const int8_t *x2 = x1;
      for (int32_t k = 0; k < g->drop_size[2]; ++k, x2 += g->drop_step[2]) {
        const int8_t *x3 = x2;
        for (int32_t l = 0; l < g->drop_size[3]; ++l, x3 += g->drop_step[3]) {
          total += *x3;
        }
      }
    }
  }
  return total;
}

static int8_t scaled(const iseul_mean_factor_s8_t *p, int32_t total) {
  const float y = (float)(total - p->in_offset) * p->factor;
  return (int8_t)(iseul_to_whole(y, p->low, p->high) + p->zero_point);
}

void iseul_mean_factor_s8(const iseul_mean_factor_s8_t *p, const int8_t *in, int8_t *out) {
  const iseul_axes_t *const g = &p->axes;
  const int8_t *x0 = in;
  for (int32_t i = 0; i < g->keep_size[0]; ++i, x0 += g->keep_step[0]) {
    const int8_t *x1 = x0;
    for (int32_t j = 0; j < g->keep_size[1]; ++j, x1 += g->keep_step[1]) {
      const int8_t *x2 = x1;
      for (int32_t k = 0; k < g->keep_size[2]; ++k, x2 += g->keep_step[2]) {
        const int8_t *x3 = x2;
        for (int32_t l = 0; l < g->keep_size[3]; ++l, x3 += g->keep_step[3]) {
          *out++ = scaled(p, sum_of(g, x3));
        }
      }
    }
  }
}
