// SPDX-License-Identifier: Apache-2.0
// iseul_depthwise_rows_s4_dsp: depthwise 3x3 convolution by int4 weights with bias and
// requantization, some rows at a time; columns have stride 1 or 2.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, in_c), `rows` rows after the other; they end up to in_c bytes too
//          late before the next ones: in this order it may run over in
// scratch  weights of 8 bits, filled up to a multiple of 8, then as of
//          iseul_depthwise_rows_s8_dsp
// Weights leave their nibbles once per call, doubled as bias is; then all is as in
// iseul_depthwise_rows_s8_dsp, with sums that come doubled. The clamp is that of int8, and
// zero_point is -128; shift is -22 .. 0 before 1 is taken off it.
// Meaning: graph/ops/depthwise_conv2d.py. Exact: all judges agree to the bit.
#include "iseul_doubled_dsp.h"

static ISEUL_NOINLINE void channel(const iseul_planes_s8_dsp_t *p, int32_t o, int32_t n_rows,
                                   const int8_t *x, int8_t *spare, int8_t *out) {
  iseul_doubled_taps_t k;
  iseul_doubled_taps_of(p, o, &k);
  iseul_rows_of_channel(p, &k, n_rows, x, spare, out);
}

void iseul_depthwise_rows_s4_dsp(const iseul_planes_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                 int32_t *scratch) {
  iseul_planes_s8_dsp_t taken = *p;
  taken.weights = (const int8_t *)scratch;
  int8_t *const planes = iseul_take_bytes(p->weights, 9 * p->window.in_c, scratch, 1);
  iseul_by_rows(&taken, in, out, planes, channel);
}
