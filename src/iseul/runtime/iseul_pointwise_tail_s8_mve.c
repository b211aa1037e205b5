// SPDX-License-Identifier: Apache-2.0
// iseul_pointwise_tail_s8_mve: 1x1 convolution with bias, requantization and clamp, three
// positions and four channels at a time, of any number of input channels.
//
// in       (positions, in_c)
// out      (positions, out_c), three positions after the other: each reads its own input until it
//          is done, and no input of positions before it
// scratch  3 times depth bytes
// Up to depth - in_c bytes behind a position are read and multiplied with zeros; the last
// positions, behind which there are less, are read from scratch. shift is -31 .. -1; the input's
// zero point is in the bias.
// Meaning: graph/ops/conv2d.py. Exact: all judges agree to the bit.
#include "iseul_mve.h"

void iseul_pointwise_tail_s8_mve(const iseul_pointwise_s8_mve_t *p, const int8_t *in, int8_t *out,
                                 int32_t *scratch) {
  int8_t *const strips = (int8_t *)scratch;
  const int32_t n = p->positions, c = p->in_c;
  const int32_t followed = n - (p->depth - 1) / c;  // positions with enough bytes behind them
  const int32_t direct = followed > 0 ? followed - followed % 3 : 0;
  iseul_fill_mve(strips, 0, 3 * p->depth);
  iseul_blocks_mve_t b = iseul_blocks_of(&p->output, p->channels, p->depth, p->out_c);
  iseul_positions_mve(&b, &p->output, in, c, p->out_c, direct, out);
  for (int32_t i = direct; i < n; i += 3) {
    const int32_t k = n - i < 3 ? n - i : 3;
    for (int32_t j = 0; j < k; ++j) {
      iseul_copy_mve(strips + j * p->depth, in + (i + j) * c, c);
    }
    iseul_positions_mve(&b, &p->output, strips, p->depth, p->out_c, k, out + i * p->out_c);
  }
}
