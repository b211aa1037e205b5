// SPDX-License-Identifier: Apache-2.0
// iseul_scale_channels_f32: x * gain + offset, with a gain and an offset per channel.
//
// in, out  rows * channels values; out may be in
// scratch  none
// Meaning: graph/ops/batch_norm.py, up to rounding: its statistics are in gain and offset.
#include "iseul_norm.h"

void iseul_scale_channels_f32(const iseul_scale_channels_f32_t *p, const float *in, float *out) {
  for (int32_t r = 0; r < p->rows; ++r) {
    for (int32_t c = 0; c < p->channels; ++c) {
      *out++ = *in++ * p->gain[c] + p->offset[c];
    }
  }
}
