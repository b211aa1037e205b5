// SPDX-License-Identifier: Apache-2.0
// iseul_resize_bilinear_factor_s8: each output pixel is the sum of four input pixels as reals,
// each times the product of two weights, rounded half to even.
//
// in       batch * in_h * in_w * channels values
// out      batch * out_h * out_w * channels values; not in
// scratch  none
// Meaning: graph/ops/resize_bilinear.py, requantization "float". Exact: all judges agree to the
// bit.
#include "iseul_factor.h"

// Two input pixels along an axis and their weights.
typedef struct {
  int32_t lower, upper;
  float of_lower, of_upper;
} corners_t;

static corners_t corners(const iseul_grid_places_t *place, int32_t i, int32_t size) {
  const float last = (float)(size - 1);
  float at = ((float)i + place->half) * place->step / place->scale - place->half;
  at = at > 0.0f ? at : 0.0f;
  at = at < last ? at : last;
  const int32_t lower = (int32_t)at;
  if (lower + 1 >= size) {
    const corners_t one = {lower, lower, 0.5f, 0.5f};
    return one;
  }
  const float share = at - (float)lower;
  const corners_t two = {lower, lower + 1, (float)(lower + 1) - at, share};
  return two;
}

static inline float real_of(const iseul_resize_bilinear_factor_s8_t *p, int8_t q) {
  return (float)(q - p->in_zero_point) * p->in_scale;
}

void iseul_resize_bilinear_factor_s8(const iseul_resize_bilinear_factor_s8_t *p, const int8_t *in,
                                     int8_t *out) {
  const int32_t channels = p->channels, row = p->in_w * channels;
  for (int32_t n = 0; n < p->batch; ++n) {
    for (int32_t y = 0; y < p->out_h; ++y) {
      const corners_t v = corners(&p->rows, y, p->in_h);
      for (int32_t x = 0; x < p->out_w; ++x) {
        const corners_t h = corners(&p->columns, x, p->in_w);
        const int8_t *const above = in + v.lower * row;
        const int8_t *const below = in + v.upper * row;
        const int32_t left = h.lower * channels, right = h.upper * channels;
        const float w00 = h.of_lower * v.of_lower, w01 = h.of_upper * v.of_lower;
        const float w10 = h.of_lower * v.of_upper, w11 = h.of_upper * v.of_upper;
        for (int32_t c = 0; c < channels; ++c) {
          float sum = w00 * real_of(p, above[left + c]);
          sum += w01 * real_of(p, above[right + c]);
          sum += w10 * real_of(p, below[left + c]);
          sum += w11 * real_of(p, below[right + c]);
          *out++ = p->offset != 0
                       ? (int8_t)((int32_t)sum - p->offset)
                       : (int8_t)(iseul_to_whole(sum / p->scale, p->low, p->high) + p->zero_point);
        }
      }
    }
    in += p->in_h * row;
  }
}
