// SPDX-License-Identifier: Apache-2.0
// iseul_depthwise_position_s4_dsp: depthwise convolution by int4 weights with one position per
// sample: a frame of a stream, or a window that is the whole input; with bias, requantization and
// clamp.
//
// in       (batch, size), four channels side by side at each tap
// out      (batch, channels), channels a multiple of 4; not in
// scratch  the weights of four channels in 8 bits: two words per two taps
// The bias takes in_zero_point off. shift is -23 .. -2.
// Meaning: graph/ops/depthwise_conv2d.py. Exact: all judges agree to the bit.
#include "iseul_nibbles.h"

// kind: a constant, so that each call is a loop of its own
static inline void one_position(const iseul_depthwise_position_s8_dsp_t *p, const int8_t *x,
                                int8_t *out, int32_t *scratch, int kind) {
  const int32_t *w = p->blocks;
  const int32_t n_words = (p->n_taps + 1) / 2;
  for (int32_t left = p->channels; left > 0; left -= 4) {
    int32_t sums[4] = {w[0], w[1], w[2], w[3]};
    iseul_take_bytes((const int8_t *)(w + 4), 8 * n_words, scratch, 0);
    iseul_add_taps(sums, scratch, x, p->step, p->n_taps);
    w += 4 + n_words;
    iseul_finish_block(sums, w, &p->to, kind, 4, out);
    w += 5;
    x += 4;
    out += 4;
  }
}

void iseul_depthwise_position_s4_dsp(const iseul_depthwise_position_s8_dsp_t *p, const int8_t *in,
                                     int8_t *out, int32_t *scratch) {
  iseul_each_sample(p, in, out, scratch, one_position);
}
