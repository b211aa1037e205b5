// SPDX-License-Identifier: Apache-2.0
// iseul_is_close_f32: 1 if |got[i] - expected[i]| <= tolerance for all n values, else 0.
//
// Equal infinities are close, and NaN to NaN.
#include "iseul.h"

int iseul_is_close_f32(const float *got, const float *expected, size_t n, float tolerance) {
  for (size_t i = 0; i < n; ++i) {
    const float difference = got[i] - expected[i];
    const int is_same = got[i] == expected[i] || (got[i] != got[i] && expected[i] != expected[i]);
    if (!is_same && !(difference <= tolerance && difference >= -tolerance)) {
      return 0;
    }
  }
  return 1;
}
