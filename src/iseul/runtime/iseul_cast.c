// SPDX-License-Identifier: Apache-2.0
// iseul_cast: numbers of one kind as the same numbers of another.
//
// in, out   n values; out not in
// from, to  ISEUL_KIND_*
// scratch   none
// Reals are truncated and saturated, and NaN becomes 0. Narrower integers keep the lowest bits of
// wider ones. Bool is 0 or 1: whether the number is not 0.
// Meaning: graph/ops/cast.py. Exact: all judges agree to the bit.
#include "iseul_real.h"
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

// x as an integer of `bits` bits, the sign's among them if there is one.
static int64_t truncated(float x, int32_t bits, int is_signed) {
  const float end = iseul_power_of_two(bits - is_signed);
  const float lowest = is_signed ? -end : 0.0f;
  if (!(x > lowest)) {  // NaN too
    return x == x && is_signed ? -(int64_t)((((uint64_t)1 << (bits - 1)) - 1u)) - 1 : 0;
  }
  if (x >= end) {
    return (int64_t)((((uint64_t)1 << (bits - is_signed - 1)) - 1u) * 2u + 1u);
  }
  return (int64_t)x;
}

static int64_t whole(float x, int32_t to) {
  switch (to) {
    case ISEUL_KIND_S8:
      return truncated(x, 8, 1);
    case ISEUL_KIND_U8:
      return truncated(x, 8, 0);
    case ISEUL_KIND_S16:
      return truncated(x, 16, 1);
    case ISEUL_KIND_S32:
      return truncated(x, 32, 1);
    case ISEUL_KIND_U32:
      return truncated(x, 32, 0);
    case ISEUL_KIND_S64:
      return truncated(x, 64, 1);
    default:  // bool
      return x != 0.0f;
  }
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
      put(p->to, out, i, whole(reals[i], p->to));
    } else {
      ((float *)out)[i] = reals[i];
    }
  }
}
