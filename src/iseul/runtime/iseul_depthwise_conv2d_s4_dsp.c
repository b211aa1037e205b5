// SPDX-License-Identifier: Apache-2.0
// iseul_depthwise_conv2d_s4_dsp: depthwise 2-D convolution by int4 weights with bias,
// requantization and clamp.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, in_c), position by position: in its order it may run over in
// scratch  weights of 8 bits, filled up to a multiple of 8
// Weights leave their nibbles once per call; then iseul_depthwise_conv2d_s8_dsp runs with them.
// shift is -23 .. -2.
// Meaning: graph/ops/depthwise_conv2d.py. Exact: all judges agree to the bit.
#include "iseul_nibbles.h"

void iseul_depthwise_conv2d_s4_dsp(const iseul_depthwise_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch) {
  iseul_depthwise_s8_dsp_t taken = *p;
  const int32_t n_taps = p->window.kernel_h * p->window.kernel_w;
  iseul_take_bytes(p->weights, n_taps * p->window.out_c, scratch, 0);
  taken.weights = (const int8_t *)scratch;
  iseul_depthwise_conv2d_s8_dsp(&taken, in, out);
}
