// SPDX-License-Identifier: Apache-2.0
// iseul_conv2d_factor_s8: 2-D convolution in groups with bias, scaled by float32 factors,
// rounded half to even, clamped.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c); not in
// scratch  none
// Four output channels of a group share each load of the input. Fully connected ops are windows
// of one tap. Zero points of weights take part as zero point times the sum of the inputs, which
// is the same for all channels of a group. Padding contributes 0: taps on it are never visited.
// Meaning: graph/ops/conv2d.py, fully_connected.py, requantization "float". Exact: all judges
// agree to the bit.
#include "iseul_factor.h"

// What is the same for all output channels of a group at one position.
typedef struct {
  const int8_t *x;
  int32_t sum;  // of the inputs, if zero points of weights count
  int32_t filter;
} view_t;

static int32_t sum_of_inputs(const iseul_patch_t *patch, const int8_t *x_row, int32_t zero_point) {
  int32_t sum = 0;
  for (int32_t i = patch->rows; i > 0; --i) {
    const int8_t *x = x_row;
    for (int32_t j = patch->runs; j > 0; --j) {
      for (int32_t k = 0; k < patch->run; ++k) {
        sum += x[k] - zero_point;
      }
      x += patch->x_run;
    }
    x_row += patch->x_row;
  }
  return sum;
}

static inline int32_t start_of(const iseul_conv_factor_s8_t *p, const view_t *view, int32_t o) {
  return p->bias[o] - view->sum * p->weights_zero_point[o * p->output.step];
}

// A function of its own: inlined into the loops over positions, the compiler runs out of
// registers in the innermost loop.
static ISEUL_NOINLINE void four_channels(const iseul_conv_factor_s8_t *p,
                                         const iseul_patch_t *patch, const view_t *view, int32_t o,
                                         int8_t *out) {
  const int8_t *x_row = view->x;
  const int8_t *w_row = p->weights + o * view->filter + patch->w;
  int32_t acc[4] = {start_of(p, view, o), start_of(p, view, o + 1), start_of(p, view, o + 2),
                    start_of(p, view, o + 3)};
  for (int32_t i = patch->rows; i > 0; --i) {
    const int8_t *x = x_row;
    const int8_t *w = w_row;
    for (int32_t j = patch->runs; j > 0; --j) {
      iseul_dot4_s8(acc, x, w, view->filter, patch->run, p->in_zero_point);
      x += patch->x_run;
      w += patch->run;
    }
    x_row += patch->x_row;
    w_row += patch->w_row;
  }
  iseul_finish4_factor_s8(&p->output, acc, o, out);
}

static int8_t one_channel(const iseul_conv_factor_s8_t *p, const iseul_patch_t *patch,
                          const view_t *view, int32_t o) {
  const int8_t *x_row = view->x;
  const int8_t *w_row = p->weights + o * view->filter + patch->w;
  int32_t acc = start_of(p, view, o);
  for (int32_t i = patch->rows; i > 0; --i) {
    for (int32_t j = 0; j < patch->runs; ++j) {
      acc += iseul_dot_s8(x_row + j * patch->x_run, w_row + j * patch->run, patch->run,
                          p->in_zero_point);
    }
    x_row += patch->x_row;
    w_row += patch->w_row;
  }
  return iseul_finish_factor_s8(&p->output, acc, o);
}

// The output channels [o, last) of one group.
static void group(const iseul_conv_factor_s8_t *p, const iseul_patch_t *patch, const int8_t *x,
                  int32_t o, int32_t last, int8_t *out) {
  const view_t view = {x, p->is_centred ? 0 : sum_of_inputs(patch, x, p->in_zero_point),
                       p->window.kernel_h * patch->w_row};
  for (; o + 4 <= last; o += 4) {
    four_channels(p, patch, &view, o, out + o);
  }
  for (; o < last; ++o) {
    out[o] = one_channel(p, patch, &view, o);
  }
}

void iseul_conv2d_factor_s8(const iseul_conv_factor_s8_t *p, const int8_t *in, int8_t *out) {
  const iseul_window_t *const g = &p->window;
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      const iseul_span_t rows =
          iseul_span(y * g->stride_h - g->pad_top, g->kernel_h, g->dilation_h, g->in_h);
      for (int32_t x = 0; x < g->out_w; ++x) {
        const iseul_patch_t patch =
            iseul_patch_at(g, p->groups.group_in, rows, x * g->stride_w - g->pad_left);
        const int8_t *channels = in + patch.x;
        for (int32_t o = 0; o < g->out_c; o += p->groups.group_out) {
          group(p, &patch, channels, o, o + p->groups.group_out, out);
          channels += p->groups.group_in;
        }
        out += g->out_c;
      }
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}
