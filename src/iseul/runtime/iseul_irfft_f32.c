// SPDX-License-Identifier: Apache-2.0
// iseul_irfft_f32: real signals of spectra in float32.
//
// in       rows * (2 fft.size + 2) values, real and imaginary parts in turn
// out      rows * 2 fft.size values; not in
// scratch  none: the transform runs in `out`
// Meaning: graph/ops/irfft.py, up to rounding.
#include "iseul_fft_f32.h"

// The spectrum as that of even values + i odd values, each value at its place.
static void put_together(const iseul_fft_f32_t *p, const float *in, float *out) {
  const int32_t n = p->size;
  const float total = iseul_cf_sum(in[0], in[2 * n]);
  const iseul_cf_t ends = {total, iseul_cf_difference(in[0], in[2 * n])};
  iseul_cf_store(out, p->place[0], iseul_cf_divided(ends, 2));
  for (int32_t k = 1; k <= n / 2; ++k) {
    const iseul_cf_t near = iseul_cf_divided(iseul_cf_load(in, k), 2);
    const iseul_cf_t far = iseul_cf_divided(iseul_cf_conjugate(iseul_cf_load(in, n - k)), 2);
    const iseul_cf_t even = iseul_cf_add(near, far);
    const iseul_cf_t odd =
        iseul_cf_multiply(iseul_cf_subtract(near, far), iseul_cf_load(p->real_root, k - 1));
    iseul_cf_store(out, p->place[k], iseul_cf_add(even, odd));
    iseul_cf_store(out, p->place[n - k], iseul_cf_conjugate(iseul_cf_subtract(even, odd)));
  }
}

void iseul_irfft_f32(const iseul_irfft_f32_t *p, const float *in, float *out) {
  const int32_t n = p->fft.size;
  for (int32_t r = 0; r < p->rows; ++r) {
    put_together(&p->fft, in, out);
    iseul_fft_run_f32(&p->fft, out);
    for (int32_t i = 0; i < 2 * n; ++i) {
      out[i] /= (float)(2 * n);
    }
    in += 2 * n + 2;
    out += 2 * n;
  }
}
