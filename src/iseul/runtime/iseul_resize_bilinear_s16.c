// SPDX-License-Identifier: Apache-2.0
// iseul_resize_bilinear_s16: each output pixel is the mean of four input pixels, weighted by their
// nearness in 1/1024 of a pixel.
//
// in       batch * in_h * in_w * channels values
// out      batch * out_h * out_w * channels values of the same quantization; not in
// scratch  none
// Meaning: graph/ops/resize_bilinear.py. Exact: all judges agree to the bit.
#include "iseul_resize.h"

// Weights of the four pixels in 1/2^20: they add up to 2^20.
typedef struct {
  int32_t above_left, above_right, below_left, below_right;
} weights_t;

static weights_t weights(int32_t share_y, int32_t share_x) {
  const weights_t w = {(1024 - share_y) * (1024 - share_x), (1024 - share_y) * share_x,
                       share_y * (1024 - share_x), share_y * share_x};
  return w;
}

void iseul_resize_bilinear_s16(const iseul_resize_bilinear_t *p, const int16_t *in, int16_t *out) {
  const int32_t channels = p->channels, row = p->in_w * channels;
  for (int32_t n = 0; n < p->batch; ++n) {
    for (int32_t y = 0; y < p->out_h; ++y) {
      const iseul_tap_t rows = iseul_tap(p->start_h + y * p->step_h, p->in_h);
      const int16_t *const above = in + rows.lower * row, *const below = in + rows.upper * row;
      for (int32_t x = 0; x < p->out_w; ++x) {
        const iseul_tap_t columns = iseul_tap(p->start_w + x * p->step_w, p->in_w);
        const weights_t w = weights(rows.share, columns.share);
        const int32_t left = columns.lower * channels, right = columns.upper * channels;
        for (int32_t c = 0; c < channels; ++c) {
          int64_t sum = (int64_t)above[left + c] * w.above_left;
          sum += (int64_t)above[right + c] * w.above_right;
          sum += (int64_t)below[left + c] * w.below_left;
          sum += (int64_t)below[right + c] * w.below_right;
          // divided by 2^20, ties away from zero
          const int32_t mean = (int32_t)((sum + (1 << 19) - (sum < 0 ? 1 : 0)) >> 20);
          *out++ = (int16_t)mean;
        }
      }
    }
    in += p->in_h * row;
  }
}
