// SPDX-License-Identifier: Apache-2.0
// iseul_rfft_f32: spectra of real signals in float32.
//
// in       rows * size values, size <= 2 fft.size; zeros are added behind each row
// out      rows * (2 fft.size + 2) values, real and imaginary parts in turn; not in
// scratch  none: the transform runs in `out`
// Meaning: graph/ops/rfft.py, up to rounding.
#include "iseul_fft_f32.h"

// The transform of even values + i odd values becomes that of the signal, in place.
static void take_apart(const iseul_fft_f32_t *p, float *x) {
  const int32_t n = p->size;
  const iseul_cf_t first = iseul_cf_divided(iseul_cf_load(x, 0), 2);
  const iseul_cf_t sum = {iseul_cf_sum(first.re, first.im), 0};
  const iseul_cf_t difference = {iseul_cf_difference(first.re, first.im), 0};
  iseul_cf_store(x, 0, sum);
  iseul_cf_store(x, n, difference);
  for (int32_t k = 1; k <= n / 2; ++k) {
    const iseul_cf_t near = iseul_cf_divided(iseul_cf_load(x, k), 2);
    const iseul_cf_t far = iseul_cf_divided(iseul_cf_conjugate(iseul_cf_load(x, n - k)), 2);
    const iseul_cf_t total = iseul_cf_add(near, far);
    const iseul_cf_t turned =
        iseul_cf_multiply(iseul_cf_subtract(near, far), iseul_cf_load(p->real_root, k - 1));
    const iseul_cf_t low = {iseul_cf_half_sum(total.re, turned.re),
                           iseul_cf_half_sum(total.im, turned.im)};
    const iseul_cf_t high = {iseul_cf_half_difference(total.re, turned.re),
                            iseul_cf_half_difference(turned.im, total.im)};
    iseul_cf_store(x, k, low);
    iseul_cf_store(x, n - k, high);
  }
}

void iseul_rfft_f32(const iseul_rfft_f32_t *p, const float *in, float *out) {
  const int32_t n = p->fft.size;
  for (int32_t r = 0; r < p->rows; ++r) {
    for (int32_t i = 0; i < 2 * n; ++i) {
      out[i] = 0;
    }
    for (int32_t i = 0; i < p->size; ++i) {
      out[2 * p->fft.place[i >> 1] + (i & 1)] = in[i];
    }
    iseul_fft_run_f32(&p->fft, out);
    take_apart(&p->fft, out);
    in += p->size;
    out += 2 * n + 2;
  }
}
