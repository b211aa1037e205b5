// SPDX-License-Identifier: Apache-2.0
// iseul_resize_bilinear_f32: each output pixel is the mean of four input pixels, weighted by their
// nearness.
//
// in       batch * in_h * in_w * channels values
// out      batch * out_h * out_w * channels values; not in
// scratch  none
// Meaning: graph/ops/resize_bilinear.py.
#include "iseul_resize.h"

void iseul_resize_bilinear_f32(const iseul_resize_bilinear_f32_t *p, const float *in, float *out) {
  const int32_t channels = p->channels, row = p->in_w * channels;
  for (int32_t n = 0; n < p->batch; ++n) {
    for (int32_t y = 0; y < p->out_h; ++y) {
      const float at_y = ((float)y + p->half) * p->step_h - p->half;
      const int32_t top = iseul_lower_pixel(at_y, p->in_h);
      const float share_y = at_y - (float)top;
      const float *const above = in + top * row;
      const float *const below = in + iseul_upper_pixel(at_y, p->in_h) * row;
      for (int32_t x = 0; x < p->out_w; ++x) {
        const float at_x = ((float)x + p->half) * p->step_w - p->half;
        const int32_t first = iseul_lower_pixel(at_x, p->in_w);
        const float share_x = at_x - (float)first;
        const int32_t left = first * channels;
        const int32_t right = iseul_upper_pixel(at_x, p->in_w) * channels;
        for (int32_t c = 0; c < channels; ++c) {
          float sum = above[left + c] * (1.0f - share_y) * (1.0f - share_x);
          sum += below[left + c] * share_y * (1.0f - share_x);
          sum += above[right + c] * (1.0f - share_y) * share_x;
          *out++ = sum + below[right + c] * share_y * share_x;
        }
      }
    }
    in += p->in_h * row;
  }
}
