// SPDX-License-Identifier: Apache-2.0
// iseul_product_f32: products over axes.
//
// in       elements at the steps of `axes`
// out      keep_size[0] * .. * keep_size[3] values; not in
// scratch  none
// Meaning: graph/ops/reduce_prod.py, up to the order of the float32 products.
#include "iseul_reduce.h"

static float product_of(const iseul_axes_t *g, const float *x0) {
  float product = 1.0f;
  for (int32_t i = 0; i < g->drop_size[0]; ++i, x0 += g->drop_step[0]) {
    const float *x1 = x0;
    for (int32_t j = 0; j < g->drop_size[1]; ++j, x1 += g->drop_step[1]) {
      const float *x2 = x1;
      for (int32_t k = 0; k < g->drop_size[2]; ++k, x2 += g->drop_step[2]) {
        const float *x3 = x2;
        for (int32_t l = 0; l < g->drop_size[3]; ++l, x3 += g->drop_step[3]) {
          product *= *x3;
        }
      }
    }
  }
  return product;
}

void iseul_product_f32(const iseul_product_f32_t *p, const float *in, float *out) {
  const iseul_axes_t *const g = &p->axes;
  const float *x0 = in;
  for (int32_t i = 0; i < g->keep_size[0]; ++i, x0 += g->keep_step[0]) {
    const float *x1 = x0;
    for (int32_t j = 0; j < g->keep_size[1]; ++j, x1 += g->keep_step[1]) {
      const float *x2 = x1;
      for (int32_t k = 0; k < g->keep_size[2]; ++k, x2 += g->keep_step[2]) {
        const float *x3 = x2;
        for (int32_t l = 0; l < g->keep_size[3]; ++l, x3 += g->keep_step[3]) {
          *out++ = product_of(g, x3);
        }
      }
    }
  }
}
