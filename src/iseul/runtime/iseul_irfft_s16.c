// SPDX-License-Identifier: Apache-2.0
// iseul_irfft_s16: real signals of spectra in 16-bit fixed point.
//
// in       rows * (2 fft.size + 2) values, real and imaginary parts in turn
// out      rows * 2 fft.size values; not in
// scratch  none: the transform runs in `out`
// Meaning: graph/ops/irfft.py. Exact: all judges agree to the bit.
#include "iseul_fft_s16.h"

// The spectrum as that of even values + i odd values, each value at its place.
static void put_together(const iseul_fft_s16_t *p, const int16_t *in, int16_t *out) {
  const int32_t n = p->size;
  const int16_t total = iseul_c16_sum(in[0], in[2 * n]);
  const iseul_c16_t ends = {total, iseul_c16_difference(in[0], in[2 * n])};
  iseul_c16_store(out, p->place[0], iseul_c16_divided(ends, 2));
  for (int32_t k = 1; k <= n / 2; ++k) {
    const iseul_c16_t near = iseul_c16_divided(iseul_c16_load(in, k), 2);
    const iseul_c16_t far = iseul_c16_divided(iseul_c16_conjugate(iseul_c16_load(in, n - k)), 2);
    const iseul_c16_t even = iseul_c16_add(near, far);
    const iseul_c16_t odd =
        iseul_c16_multiply(iseul_c16_subtract(near, far), iseul_c16_load(p->real_root, k - 1));
    iseul_c16_store(out, p->place[k], iseul_c16_add(even, odd));
    iseul_c16_store(out, p->place[n - k], iseul_c16_conjugate(iseul_c16_subtract(even, odd)));
  }
}

void iseul_irfft_s16(const iseul_irfft_s16_t *p, const int16_t *in, int16_t *out) {
  const int32_t n = p->fft.size;
  for (int32_t r = 0; r < p->rows; ++r) {
    put_together(&p->fft, in, out);
    iseul_fft_run_s16(&p->fft, out);
    in += 2 * n + 2;
    out += 2 * n;
  }
}
