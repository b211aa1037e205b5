// SPDX-License-Identifier: Apache-2.0
// iseul_extreme_f32: largest or smallest real over axes.
//
// in       elements at the steps of `axes`
// out      keep_size[0] * .. * keep_size[3] values; not in
// scratch  none
// -x turns the order round, so one text finds both.
// Meaning: graph/ops/reduce_max.py, reduce_min.py. Exact.
#include "iseul_reduce.h"

static float extreme_of(const iseul_axes_t *g, const float *x0, float sign) {
  float best = sign * *x0;
  for (int32_t i = 0; i < g->drop_size[0]; ++i, x0 += g->drop_step[0]) {
    const float *x1 = x0;
    for (int32_t j = 0; j < g->drop_size[1]; ++j, x1 += g->drop_step[1]) {
      const float *x2 = x1;
      for (int32_t k = 0; k < g->drop_size[2]; ++k, x2 += g->drop_step[2]) {
        const float *x3 = x2;
        for (int32_t l = 0; l < g->drop_size[3]; ++l, x3 += g->drop_step[3]) {
          const float x = sign * *x3;
          best = x > best ? x : best;
        }
      }
    }
  }
  return best;
}

void iseul_extreme_f32(const iseul_extreme_t *p, const float *in, float *out) {
  const iseul_axes_t *const g = &p->axes;
  const float sign = p->flip == 0 ? 1.0f : -1.0f;
  const float *x0 = in;
  for (int32_t i = 0; i < g->keep_size[0]; ++i, x0 += g->keep_step[0]) {
    const float *x1 = x0;
    for (int32_t j = 0; j < g->keep_size[1]; ++j, x1 += g->keep_step[1]) {
      const float *x2 = x1;
      for (int32_t k = 0; k < g->keep_size[2]; ++k, x2 += g->keep_step[2]) {
        const float *x3 = x2;
        for (int32_t l = 0; l < g->keep_size[3]; ++l, x3 += g->keep_step[3]) {
          *out++ = sign * extreme_of(g, x3, sign);
        }
      }
    }
  }
}
