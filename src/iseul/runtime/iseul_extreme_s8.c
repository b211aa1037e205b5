// SPDX-License-Identifier: Apache-2.0
// iseul_extreme_s8: largest or smallest int8 over axes.
//
// in       elements at the steps of `axes`
// out      keep_size[0] * .. * keep_size[3] values; not in
// scratch  none
// ~x turns the order of integers round, so one text finds both.
// Meaning: graph/ops/reduce_max.py, reduce_min.py. Exact.
#include "iseul_reduce.h"

static int32_t extreme_of(const iseul_axes_t *g, const int8_t *x0, int32_t flip) {
  int32_t best = *x0 ^ flip;
  for (int32_t i = 0; i < g->drop_size[0]; ++i, x0 += g->drop_step[0]) {
    const int8_t *x1 = x0;
    for (int32_t j = 0; j < g->drop_size[1]; ++j, x1 += g->drop_step[1]) {
      const int8_t *x2 = x1;
      for (int32_t k = 0; k < g->drop_size[2]; ++k, x2 += g->drop_step[2]) {
        const int8_t *x3 = x2;
        for (int32_t l = 0; l < g->drop_size[3]; ++l, x3 += g->drop_step[3]) {
          const int32_t x = *x3 ^ flip;
          best = x > best ? x : best;
        }
      }
    }
  }
  return best;
}

void iseul_extreme_s8(const iseul_extreme_t *p, const int8_t *in, int8_t *out) {
  const iseul_axes_t *const g = &p->axes;
  const int8_t *x0 = in;
  for (int32_t i = 0; i < g->keep_size[0]; ++i, x0 += g->keep_step[0]) {
    const int8_t *x1 = x0;
    for (int32_t j = 0; j < g->keep_size[1]; ++j, x1 += g->keep_step[1]) {
      const int8_t *x2 = x1;
      for (int32_t k = 0; k < g->keep_size[2]; ++k, x2 += g->keep_step[2]) {
        const int8_t *x3 = x2;
        for (int32_t l = 0; l < g->keep_size[3]; ++l, x3 += g->keep_step[3]) {
          *out++ = (int8_t)(extreme_of(g, x3, p->flip) ^ p->flip);
        }
      }
    }
  }
}
