// SPDX-License-Identifier: Apache-2.0
// iseul_sqrt_s16: the root of the real in steps of the output, truncated, saturated.
//
// in, out  n values; out may be in; negative reals count as 0
// scratch  none
// Meaning: graph/ops/sqrt.py. Exact: every float32 operation is rounded once, the root too.
#include "iseul_real.h"
#include "iseul_unary.h"

void iseul_sqrt_s16(const iseul_sqrt_s16_t *p, const int16_t *in, int16_t *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    const int32_t x = in[i] - p->in_zero_point;
    const float steps = iseul_sqrt(p->in_scale * (float)(x > 0 ? x : 0)) / p->scale;
    const int32_t q = steps < 1048576.0f ? (int32_t)steps : 1048576;
    out[i] = (int16_t)iseul_clamp(q + p->zero_point, INT16_MIN, INT16_MAX);
  }
}
