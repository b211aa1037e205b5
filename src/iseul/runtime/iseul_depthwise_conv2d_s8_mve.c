// SPDX-License-Identifier: Apache-2.0
// iseul_depthwise_conv2d_s8_mve: depthwise convolution with bias, requantization and clamp; the
// taps of a channel, at most 16, are one vector.
//
// in       (batch, in_h, in_w, in_c), or (batch, in_w, in_h, in_c) where rows are swapped
// out      (batch, out_h, out_w, in_c), or swapped as well
// scratch  `together` strips of 64 bytes per column
// Strips are made of 16 channels at a time, then the outputs of these are. Where all strips are
// made together, out may be in; else `together` times `shared` rows follow each other. Taps on
// padding are in_zero_point, which the bias takes off again. stride_w is 1 or 2; shift is
// -31 .. -1.
// Meaning: graph/ops/depthwise_conv2d.py. Exact: all judges agree to the bit.
#include "iseul_mve.h"

static ISEUL_NOINLINE void channels(const iseul_depthwise_s8_mve_t *p, iseul_taps_mve_t *t) {
  const iseul_clamp_mve_t *const o = &p->output;
  const int32_t is_full = iseul_is_full_s8(o), is_rectified = iseul_is_rectified_s8(o);
  if (p->paired) {
    if (!is_full) {
      iseul_taps_mve(t, 128, 1, 1, 0);
    } else if (is_rectified) {
      iseul_taps_mve(t, 128, 1, 0, 1);
    } else {
      iseul_taps_mve(t, 128, 1, 1, 1);
    }
  } else if (p->window.stride_w == 1) {
    if (!is_full) {
      iseul_taps_mve(t, 64, 0, 1, 0);
    } else if (is_rectified) {
      iseul_taps_mve(t, 64, 0, 0, 1);
    } else {
      iseul_taps_mve(t, 64, 0, 1, 1);
    }
  } else {
    if (!is_full) {
      iseul_taps_mve(t, 128, 0, 1, 0);
    } else if (is_rectified) {
      iseul_taps_mve(t, 128, 0, 0, 1);
    } else {
      iseul_taps_mve(t, 128, 0, 1, 1);
    }
  }
}

// Output rows from y on that `together` strips serve, of up to 16 channels from c on.
static void rows(const iseul_depthwise_s8_mve_t *p, const int8_t *in, int8_t *out, int32_t y,
                 int32_t c, int8_t *strips) {
  const iseul_window_t *const g = &p->window;
  const iseul_clamp_mve_t *const o = &p->output;
  const int32_t n = g->in_c - c < 16 ? g->in_c - c : 16;
  const int32_t most = p->together * p->shared, strip = 64 * p->columns;
  const int32_t n_rows = g->out_h - y < most ? g->out_h - y : most;
  const int32_t eight = 8 * p->y_column;
  const int32_t y_next = p->shared * p->y_row - (g->out_w + 7) / 8 * eight;
  for (int32_t i = 0; i * p->shared < n_rows; ++i) {
    const int32_t row = (y + i * p->shared) * g->stride_h - g->pad_top;
    iseul_strip_mve(p, in + c, row, n, strips + i * strip);
  }
  const int32_t first = n_rows < p->shared ? n_rows : p->shared;
  for (int32_t k = 0; k < first; ++k) {
    const int32_t some = (n_rows - k + p->shared - 1) / p->shared;
    int8_t *const to = out + ((y + k) * p->y_row + c);
    iseul_taps_mve_t t = {p->words, p->y_column, p->channels + 28 * c, n, strips, to,
                          strip, y_next, g->out_w, some, o->zero_point, eight,
                          o->low, o->high, 8 * k};
    channels(p, &t);
  }
}

void iseul_depthwise_conv2d_s8_mve(const iseul_depthwise_s8_mve_t *p, const int8_t *in,
                                   int8_t *out, int32_t *scratch) {
  const iseul_window_t *const g = &p->window;
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; y += p->together * p->shared) {
      for (int32_t c = 0; c < g->in_c; c += 16) {
        rows(p, in, out, y, c, (int8_t *)scratch);
      }
    }
    in += g->in_h * g->in_w * g->in_c;
    out += g->out_h * g->out_w * g->in_c;
  }
}
