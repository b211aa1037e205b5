// SPDX-License-Identifier: Apache-2.0
// iseul_depthwise_series_s8_dsp: depthwise convolution of series, stride 1, with bias and
// requantization; two outputs at a time.
//
// in       (batch, length, channels)
// out      (batch, out_length, channels); may begin where in does if it is not longer
// scratch  four planes of one channel each, then three words per word of a window
// Four channels at a time are taken apart into planes with in_zero_point around them, which the
// bias takes off again. The clamp is that of int8; shift is -23 .. -2.
// Meaning: graph/ops/depthwise_conv2d.py. Exact: all judges agree to the bit.
#include "iseul_series.h"

// The table of `iseul_two_windows`. w: the channel's first weight
static void take_taps(const iseul_series_s8_dsp_t *p, const int8_t *w, uint32_t *taps) {
  int32_t before = 0, i = 0;
  for (int32_t k = p->n_words; k > 0; --k) {
    int32_t four[4] = {0, 0, 0, 0};
    for (int32_t j = 0; j < 4 && i < p->n_taps; ++j) {
      four[j] = *w;
      w += p->channels;
      ++i;
    }
    taps[0] = iseul_pair_of(four[0], four[2]);
    taps[1] = iseul_pair_of(four[1], four[3]);
    taps[2] = iseul_pair_of(before, four[1]);
    before = four[3];
    taps += 3;
  }
}

static void channel(const iseul_series_s8_dsp_t *p, int32_t o, const int8_t *plane,
                    const uint32_t *taps, int8_t *out) {
  const iseul_scale_t scale = iseul_scale_of(&p->output, o);
  const int32_t bias = p->bias[o], step = p->channels, n_words = p->n_words;
  int32_t sums[2];
  for (int32_t left = p->out_length; left > 0; left -= 2) {
    iseul_two_windows(sums, bias, plane, taps, n_words);
    *out = iseul_finish_saturated(scale, sums[0]);
    if (left > 1) {
      out[step] = iseul_finish_saturated(scale, sums[1]);
    }
    out += 2 * step;
    plane += 2;
  }
}

void iseul_depthwise_series_s8_dsp(const iseul_series_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch) {
  const int32_t c = p->channels;
  int8_t *const planes = (int8_t *)scratch;
  uint32_t *const taps = (uint32_t *)(void *)(planes + 4 * p->plane);
  memset(planes, p->in_zero_point, (size_t)(4 * p->plane));
  for (int32_t n = 0; n < p->batch; ++n) {
    for (int32_t o = 0; o < c; o += 4) {
      const int32_t n_channels = c - o < 4 ? c - o : 4;
      iseul_take_apart(in + o, c, n_channels, p->length, planes + p->pad, p->plane);
      for (int32_t k = 0; k < n_channels; ++k) {
        take_taps(p, p->weights + o + k, taps);
        channel(p, o + k, planes + k * p->plane, taps, out + o + k);
      }
    }
    in += p->length * c;
    out += p->out_length * c;
  }
}
