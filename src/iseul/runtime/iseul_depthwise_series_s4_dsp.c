// SPDX-License-Identifier: Apache-2.0
// iseul_depthwise_series_s4_dsp: depthwise convolution of series by int4 weights with bias
// and requantization.
//
// in       (batch, length, channels)
// out      (batch, out_length, channels); may begin where in does if it is not longer
// scratch  weights of 8 bits, filled up to a multiple of 8, then as of
//          iseul_depthwise_series_s8_dsp
// Weights leave their nibbles once per call; then iseul_depthwise_series_s8_dsp runs with them.
// shift is -23 .. -2.
// Meaning: graph/ops/depthwise_conv2d.py. Exact: all judges agree to the bit.
#include "iseul_nibbles.h"

void iseul_depthwise_series_s4_dsp(const iseul_series_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch) {
  iseul_series_s8_dsp_t taken = *p;
  int8_t *const rest = iseul_take_bytes(p->weights, p->n_taps * p->channels, scratch, 0);
  taken.weights = (const int8_t *)scratch;
  iseul_depthwise_series_s8_dsp(&taken, in, out, (int32_t *)rest);
}
