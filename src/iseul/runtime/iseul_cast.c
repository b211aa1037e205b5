// SPDX-License-Identifier: Apache-2.0
// iseul_cast: numbers of one kind as the same numbers of another.
//
// in, out   n values; out not in
// from, to  ISEUL_KIND_*
// scratch   none
// Reals are truncated; beyond int32 (int64, where `to` is int64 or uint32) they saturate, and NaN
// becomes 0. Narrower integers keep the lowest bits. Bool is 0 or 1: whether the number is not 0.
// Meaning: graph/ops/cast.py. Exact: all judges agree to the bit.
#include "iseul_unary.h"

static int64_t integer_at(int32_t kind, const void *in, int32_t i) {
  switch (kind) {
    case ISEUL_KIND_S8:
      return ((const int8_t *)in)[i];
    case ISEUL_KIND_S16:
      return ((const int16_t *)in)[i];
    case ISEUL_KIND_S32:
      return ((const int32_t *)in)[i];
    case ISEUL_KIND_U32:
      return ((const uint32_t *)in)[i];
    case ISEUL_KIND_S64:
      return ((const int64_t *)in)[i];
    default:  // uint8, bool
      return ((const uint8_t *)in)[i];
  }
}

static int64_t truncated(float x, int32_t to) {
  if (to == ISEUL_KIND_BOOL) {
    return x != 0.0f;
  }
  if (x != x) {
    return 0;
  }
  if (to == ISEUL_KIND_S64 || to == ISEUL_KIND_U32) {
    return x >= 9223372036854775808.0f    ? INT64_MAX
           : x <= -9223372036854775808.0f ? INT64_MIN
                                          : (int64_t)x;
  }
  return x >= 2147483648.0f ? INT32_MAX : x <= -2147483648.0f ? INT32_MIN : (int32_t)x;
}

static void put(int32_t kind, void *out, int32_t i, int64_t x) {
  switch (kind) {
    case ISEUL_KIND_F32:
      ((float *)out)[i] = (float)x;
      break;
    case ISEUL_KIND_S8:
      ((int8_t *)out)[i] = (int8_t)x;
      break;
    case ISEUL_KIND_U8:
      ((uint8_t *)out)[i] = (uint8_t)x;
      break;
    case ISEUL_KIND_S16:
      ((int16_t *)out)[i] = (int16_t)x;
      break;
    case ISEUL_KIND_S32:
      ((int32_t *)out)[i] = (int32_t)x;
      break;
    case ISEUL_KIND_U32:
      ((uint32_t *)out)[i] = (uint32_t)x;
      break;
    case ISEUL_KIND_S64:
      ((int64_t *)out)[i] = x;
      break;
    default:  // bool
      ((uint8_t *)out)[i] = x != 0;
      break;
  }
}

void iseul_cast(const iseul_cast_t *p, const void *in, void *out) {
  const float *const reals = in;
  for (int32_t i = 0; i < p->n; ++i) {
    if (p->from != ISEUL_KIND_F32) {
      put(p->to, out, i, integer_at(p->from, in, i));
    } else if (p->to != ISEUL_KIND_F32) {
      put(p->to, out, i, truncated(reals[i], p->to));
    } else {
      ((float *)out)[i] = reals[i];
    }
  }
}
