// SPDX-License-Identifier: Apache-2.0
// iseul_layer_norm_f32: (x - mean) / sqrt(variance + epsilon) * scale + bias of each row.
//
// in, out  rows * size values; out may be in
// scratch  none
// Without a mean it is RMS normalization.
// Meaning: graph/ops/layer_norm.py, rms_norm.py, up to the order of the float32 sums.
#include "iseul_norm.h"
#include "iseul_real.h"

void iseul_layer_norm_f32(const iseul_layer_norm_f32_t *p, const float *in, float *out) {
  const float size = (float)p->size;
  for (int32_t r = 0; r < p->rows; ++r) {
    float mean = 0.0f;
    if (p->is_centred != 0) {
      for (int32_t i = 0; i < p->size; ++i) {
        mean += in[i];
      }
      mean /= size;
    }
    float square = 0.0f;
    for (int32_t i = 0; i < p->size; ++i) {
      const float x = in[i] - mean;
      square += x * x;
    }
    const float deviation = iseul_sqrt(square / size + p->epsilon);
    for (int32_t i = 0; i < p->size; ++i) {
      out[i] = (in[i] - mean) / deviation * p->scale[i] + p->bias[i];
    }
    in += p->size;
    out += p->size;
  }
}
