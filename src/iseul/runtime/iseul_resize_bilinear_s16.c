// SPDX-License-Identifier: Apache-2.0
// iseul_resize_bilinear_s16: each output pixel is the mean of four input pixels, weighted by their
// nearness in 1/1024 of a pixel.
//
// in       batch * in_h * in_w * channels values
// out      batch * out_h * out_w * channels values of the same quantization; not in
// scratch  none
// Meaning: graph/ops/resize_bilinear.py. Exact: all judges agree to the bit.
#include "iseul_resize.h"

void iseul_resize_bilinear_s16(const iseul_resize_bilinear_t *p, const int16_t *in, int16_t *out) {
  const int32_t channels = p->channels, row = p->in_w * channels;
  for (int32_t n = 0; n < p->batch; ++n) {
    for (int32_t y = 0; y < p->out_h; ++y) {
      const iseul_tap_t rows = iseul_tap(p->start_h + y * p->step_h, p->in_h);
      const int16_t *const above = in + rows.lower * row, *const below = in + rows.upper * row;
      for (int32_t x = 0; x < p->out_w; ++x) {
        const iseul_tap_t columns = iseul_tap(p->start_w + x * p->step_w, p->in_w);
        const int32_t left = columns.lower * channels, right = columns.upper * channels;
        for (int32_t c = 0; c < channels; ++c) {
          const int32_t first =
              above[left + c] * (1024 - rows.share) + below[left + c] * rows.share;
          const int32_t second =
              above[right + c] * (1024 - rows.share) + below[right + c] * rows.share;
          const int64_t more = (int64_t)p->offset * (1 << 20);
          const int64_t weighted = (int64_t)second * columns.share + more;
          const int64_t sum = (int64_t)first * (1024 - columns.share) + weighted;
          // divided by 2^20, ties away from zero
          const int64_t mean = sum > 0 ? (sum + (1 << 19)) >> 20 : -((-sum + (1 << 19)) >> 20);
          *out++ = (int16_t)(mean - p->offset);
        }
      }
    }
    in += p->in_h * row;
  }
}
