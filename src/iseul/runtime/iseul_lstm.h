// SPDX-License-Identifier: Apache-2.0
// iseul_lstm.h: what the integer lstm kernels share: one unit of one step.
#ifndef ISEUL_LSTM_H
#define ISEUL_LSTM_H

#include "iseul_gate.h"
#include "iseul_recurrent.h"

static inline int32_t iseul_clamp16(int32_t x) { return iseul_clamp(x, INT16_MIN, INT16_MAX); }

// The unit's next hidden state, from the sums of its gates i, f, g, o in Q3.12; *cell is its cell
// state before and after.
static inline int32_t iseul_lstm_unit(const iseul_lstm_cell_t *p, const int32_t sums[4],
                                      int16_t *cell) {
  const int32_t i = iseul_logistic_q15(p->logistic, iseul_tripled(sums[0], 0));
  const int32_t f = iseul_logistic_q15(p->logistic, iseul_tripled(sums[1], 0));
  const int32_t g = iseul_tanh_q15(p->logistic, iseul_tripled(sums[2], 0));
  const int32_t o = iseul_logistic_q15(p->logistic, iseul_tripled(sums[3], 0));
  const int32_t kept =
      iseul_clamp16(iseul_requantize(f * *cell, p->forget_multiplier, p->forget_shift));
  const int32_t added =
      iseul_clamp16(iseul_requantize(i * g, p->update_multiplier, p->update_shift));
  const int32_t c = iseul_clamp(iseul_clamp16(kept + added), p->cell_low, p->cell_high);
  *cell = (int16_t)c;
  const int32_t shown = iseul_tanh_q15(p->logistic, iseul_tripled(c, p->left));
  const int32_t h = iseul_requantize(shown * o, p->output_multiplier, p->output_shift);
  return iseul_clamp(h + p->zero_point, p->low, p->high);
}

#endif
