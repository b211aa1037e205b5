// SPDX-License-Identifier: Apache-2.0
// iseul_quantize_s16: reals to int16: in[i] / scale rounded half away from zero, + zero_point,
// saturated.
//
// in, out  n values; out not in
// scratch  none
// NaN becomes the lowest int16.
// Meaning: graph/ops/quantize.py for float inputs. Exact: the division is a float32 operation.
#include "iseul_unary.h"

void iseul_quantize_s16(const iseul_affine_t *p, const float *in, int16_t *out) {
  const iseul_affine_t a = *p;  // a copy, as out might be p for all that C knows
  for (int32_t i = 0; i < a.n; ++i) {
    float ratio = in[i] / a.scale;
    // wider than any result, so that the conversion below is defined
    ratio = ratio > -131072.0f ? ratio : -131072.0f;
    ratio = ratio < 131072.0f ? ratio : 131072.0f;
    int32_t q = (int32_t)ratio;
    const float rest = ratio - (float)q;
    q += rest >= 0.5f ? 1 : 0;
    q -= rest <= -0.5f ? 1 : 0;
    out[i] = (int16_t)iseul_clamp(q + a.zero_point, INT16_MIN, INT16_MAX);
  }
}
