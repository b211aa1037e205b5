// SPDX-License-Identifier: Apache-2.0
// iseul_pointwise_s8_mve: 1x1 convolution with bias, requantization and clamp, three positions
// and four channels at a time.
//
// in   (positions, in_c), in_c a multiple of 16
// out  (positions, out_c), three positions after the other: each reads its own input until it is
//      done, and no input of positions before it
// shift is -31 .. -1; the input's zero point is in the bias.
// Meaning: graph/ops/conv2d.py. Exact: all judges agree to the bit.
#include "iseul_mve.h"

void iseul_pointwise_s8_mve(const iseul_pointwise_s8_mve_t *p, const int8_t *in, int8_t *out) {
  iseul_blocks_mve_t b = iseul_blocks_of(&p->output, p->channels, p->depth, p->out_c);
  iseul_positions_mve(&b, &p->output, in, p->in_c, p->out_c, p->positions, out);
}
