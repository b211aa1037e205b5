// SPDX-License-Identifier: Apache-2.0
// iseul_rfft_s32: spectra of real signals in 32-bit fixed point.
//
// in       rows * size values, size <= 2 fft.size; zeros are added behind each row
// out      rows * (2 fft.size + 2) values, real and imaginary parts in turn; not in
// scratch  none: the transform runs in `out`
// Meaning: graph/ops/rfft.py. Exact: all judges agree to the bit.
#include "iseul_fft_s32.h"

// The transform of even values + i odd values becomes that of the signal, in place.
static void take_apart(const iseul_fft_s32_t *p, int32_t *x) {
  const int32_t n = p->size;
  const iseul_c32_t first = iseul_c32_divided(iseul_c32_load(x, 0), 2);
  const iseul_c32_t sum = {iseul_c32_sum(first.re, first.im), 0};
  const iseul_c32_t difference = {iseul_c32_difference(first.re, first.im), 0};
  iseul_c32_store(x, 0, sum);
  iseul_c32_store(x, n, difference);
  for (int32_t k = 1; k <= n / 2; ++k) {
    const iseul_c32_t near = iseul_c32_divided(iseul_c32_load(x, k), 2);
    const iseul_c32_t far = iseul_c32_divided(iseul_c32_conjugate(iseul_c32_load(x, n - k)), 2);
    const iseul_c32_t total = iseul_c32_add(near, far);
    const iseul_c32_t turned =
        iseul_c32_multiply(iseul_c32_subtract(near, far), iseul_c32_load(p->real_root, k - 1));
    const iseul_c32_t low = {iseul_c32_half_sum(total.re, turned.re),
                            iseul_c32_half_sum(total.im, turned.im)};
    const iseul_c32_t high = {iseul_c32_half_difference(total.re, turned.re),
                             iseul_c32_half_difference(turned.im, total.im)};
    iseul_c32_store(x, k, low);
    iseul_c32_store(x, n - k, high);
  }
}

void iseul_rfft_s32(const iseul_rfft_s32_t *p, const int32_t *in, int32_t *out) {
  const int32_t n = p->fft.size;
  for (int32_t r = 0; r < p->rows; ++r) {
    for (int32_t i = 0; i < 2 * n; ++i) {
      out[i] = 0;
    }
    for (int32_t i = 0; i < p->size; ++i) {
      out[2 * p->fft.place[i >> 1] + (i & 1)] = in[i];
    }
    iseul_fft_run_s32(&p->fft, out);
    take_apart(&p->fft, out);
    in += p->size;
    out += 2 * n + 2;
  }
}
