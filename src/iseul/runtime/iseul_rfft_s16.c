// SPDX-License-Identifier: Apache-2.0
// iseul_rfft_s16: spectra of real signals in 16-bit fixed point.
//
// in       rows * size values, size <= 2 fft.size; zeros are added behind each row
// out      rows * (2 fft.size + 2) values, real and imaginary parts in turn; not in
// scratch  none: the transform runs in `out`
// Meaning: graph/ops/rfft.py. Exact: all judges agree to the bit.
#include "iseul_fft_s16.h"

// The transform of even values + i odd values becomes that of the signal, in place.
static void take_apart(const iseul_fft_s16_t *p, int16_t *x) {
  const int32_t n = p->size;
  const iseul_c16_t first = iseul_c16_divided(iseul_c16_load(x, 0), 2);
  const iseul_c16_t sum = {iseul_c16_sum(first.re, first.im), 0};
  const iseul_c16_t difference = {iseul_c16_difference(first.re, first.im), 0};
  iseul_c16_store(x, 0, sum);
  iseul_c16_store(x, n, difference);
  for (int32_t k = 1; k <= n / 2; ++k) {
    const iseul_c16_t near = iseul_c16_divided(iseul_c16_load(x, k), 2);
    const iseul_c16_t far = iseul_c16_divided(iseul_c16_conjugate(iseul_c16_load(x, n - k)), 2);
    const iseul_c16_t total = iseul_c16_add(near, far);
    const iseul_c16_t turned =
        iseul_c16_multiply(iseul_c16_subtract(near, far), iseul_c16_load(p->real_root, k - 1));
    const iseul_c16_t low = {iseul_c16_half_sum(total.re, turned.re),
                            iseul_c16_half_sum(total.im, turned.im)};
    const iseul_c16_t high = {iseul_c16_half_difference(total.re, turned.re),
                             iseul_c16_half_difference(turned.im, total.im)};
    iseul_c16_store(x, k, low);
    iseul_c16_store(x, n - k, high);
  }
}

void iseul_rfft_s16(const iseul_rfft_s16_t *p, const int16_t *in, int16_t *out) {
  const int32_t n = p->fft.size;
  for (int32_t r = 0; r < p->rows; ++r) {
    for (int32_t i = 0; i < 2 * n; ++i) {
      out[i] = 0;
    }
    for (int32_t i = 0; i < p->size; ++i) {
      out[2 * p->fft.place[i >> 1] + (i & 1)] = in[i];
    }
    iseul_fft_run_s16(&p->fft, out);
    take_apart(&p->fft, out);
    in += p->size;
    out += 2 * n + 2;
  }
}
