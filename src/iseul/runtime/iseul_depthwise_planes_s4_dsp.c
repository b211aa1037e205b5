// SPDX-License-Identifier: Apache-2.0
// iseul_depthwise_planes_s4_dsp: depthwise 3x3 convolution by int4 weights, stride 1, with bias and
// requantization; two outputs of a row at a time.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, in_c); may be in where it has in's size
// scratch  weights of 8 bits, filled up to a multiple of 8, then as of
//          iseul_depthwise_planes_s8_dsp
// Weights leave their nibbles once per call, doubled as bias is; then all is as in
// iseul_depthwise_planes_s8_dsp, with sums that come doubled. The clamp is that of int8, and
// zero_point is -128; shift is -22 .. 0 before 1 is taken off it.
// Meaning: graph/ops/depthwise_conv2d.py. Exact: all judges agree to the bit.
#include "iseul_doubled_dsp.h"

static void channel(const void *params, int32_t o, const int8_t *plane, int8_t *spare,
                    int8_t *out) {
  const iseul_planes_s8_dsp_t *const p = params;
  iseul_doubled_taps_t k;
  iseul_doubled_taps_of(p, o, &k);
  iseul_plane_of_channel(p, &k, plane, spare, out);
}

void iseul_depthwise_planes_s4_dsp(const iseul_planes_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch) {
  iseul_planes_s8_dsp_t taken = *p;
  taken.weights = (const int8_t *)scratch;
  int8_t *const rest = iseul_take_bytes(p->weights, 9 * p->window.in_c, scratch, 1);
  const iseul_planes_t planes = {&taken.window, p->pitch, p->plane, p->in_zero_point};
  iseul_by_planes(&planes, in, out, rest, channel, &taken);
}
