// SPDX-License-Identifier: Apache-2.0
// iseul_simd128.h: int8 kernels for cores with vectors of 128 bits: x86-64 (SSE2), arm64 (NEON),
// WebAssembly (SIMD128).
//
// Vectors, then parameters, then functions; each function stands in the file of its name. Lanes
// are output channels, eight at a time: a pair of values of 16 bits, the same in all lanes, times
// a pair of weights per lane is one step of a sum, so that sums need not be added up across
// lanes. The input's zero point is taken off in the bias. Other compilers and cores get the same
// integers from plain C.
#ifndef ISEUL_SIMD128_H
#define ISEUL_SIMD128_H

#include <string.h>

#include "iseul.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

// --- vectors
//
//   iseul_s8x16_t                  16 bytes
//   iseul_s16x8_t                  8 numbers of 16 bits
//   iseul_s32x4_t                  4 numbers of 32 bits
//   iseul_load_s8x16 ...           from any address; iseul_store_s16x8 to any
//   iseul_low_s16x8, _high_        half of 16 signed bytes
//   iseul_wide_s16x8               8 signed bytes from any address
//   iseul_all_s16x8                one number eight times
//   ISEUL_PAIR_S16X8(v, i)         numbers 2 i and 2 i + 1 four times; i is a constant 0 .. 3
//   iseul_zip_low_s16x8, _high_    a0 b0 a1 b1 a2 b2 a3 b3; a4 b4 ...
//   iseul_mac_s32x4                acc[i] + x[2i] w[2i] + x[2i+1] w[2i+1], modulo 2^32
//   iseul_scale_s32x4              sums of 4 channels to what `iseul_requantize` makes of them
//   iseul_narrow_s16x8             numbers of 32 bits to the nearest of 16 bits
//   iseul_clamp_s16x8              min(max(v, low), high)
//   iseul_put_s16x8                8 bytes of numbers -128 .. 127 to any address
//
// iseul_scale_s32x4(x, t) is iseul_requantize(x - 2^31, q, -n) + zero_point for n = 1 .. 31 and
// sums of which |x - 2^31| <= 2^30. x is unsigned: it starts with a bias to which 2^31 is added.
// Of the table t of eight channels, 8 words each, x has four: at t, or at t + 4.
//   +8   2 q
//   +16  q
//   +24  2^(n-1) + 2^31
//   +32  2^(32-n)
//   +40  zero_point - 2^(31-n)
// Those at +16, +24, +32 stand in the order of channels 0 2 1 3, in which instruction sets give
// upper words of products. The first rounding is the upper word of x 2 q + 2^31, minus q, as
// 2^31 2 q is q in that word: y. The second one is floor((y + 2^(n-1) - [y < 0]) / 2^n); no
// instruction set here but NEON shifts each lane its own way, so the sum, made unsigned by 2^31,
// is multiplied by 2^(32-n); its upper word is the result plus 2^(31-n).

#if defined(__SSE2__)

typedef __m128i iseul_s8x16_t;
typedef __m128i iseul_s16x8_t;
typedef __m128i iseul_s32x4_t;

#define ISEUL_PAIR_S16X8(v, i) _mm_shuffle_epi32(v, (i) * 0x55)

ISEUL_INLINE iseul_s8x16_t iseul_load_s8x16(const int8_t *x) {
  return _mm_loadu_si128((const __m128i *)(const void *)x);
}
ISEUL_INLINE iseul_s16x8_t iseul_load_s16x8(const int16_t *x) {
  return _mm_loadu_si128((const __m128i *)(const void *)x);
}
ISEUL_INLINE iseul_s32x4_t iseul_load_s32x4(const int32_t *x) {
  return _mm_loadu_si128((const __m128i *)(const void *)x);
}
ISEUL_INLINE void iseul_store_s16x8(int16_t *to, iseul_s16x8_t v) {
  _mm_storeu_si128((__m128i *)(void *)to, v);
}
ISEUL_INLINE iseul_s16x8_t iseul_low_s16x8(iseul_s8x16_t v) {
  return _mm_srai_epi16(_mm_unpacklo_epi8(v, v), 8);
}
ISEUL_INLINE iseul_s16x8_t iseul_high_s16x8(iseul_s8x16_t v) {
  return _mm_srai_epi16(_mm_unpackhi_epi8(v, v), 8);
}
ISEUL_INLINE iseul_s16x8_t iseul_wide_s16x8(const int8_t *x) {
  return iseul_low_s16x8(_mm_loadl_epi64((const __m128i *)(const void *)x));
}
ISEUL_INLINE iseul_s16x8_t iseul_all_s16x8(int32_t x) { return _mm_set1_epi16((int16_t)x); }
ISEUL_INLINE iseul_s16x8_t iseul_zip_low_s16x8(iseul_s16x8_t a, iseul_s16x8_t b) {
  return _mm_unpacklo_epi16(a, b);
}
ISEUL_INLINE iseul_s16x8_t iseul_zip_high_s16x8(iseul_s16x8_t a, iseul_s16x8_t b) {
  return _mm_unpackhi_epi16(a, b);
}
ISEUL_INLINE iseul_s32x4_t iseul_mac_s32x4(iseul_s32x4_t acc, iseul_s16x8_t x, iseul_s16x8_t w) {
  return _mm_add_epi32(acc, _mm_madd_epi16(x, w));
}
// Upper words of unsigned products, each plus a number of 64 bits, in the order 0 2 1 3.
ISEUL_INLINE iseul_s32x4_t iseul_upper_s32x4(iseul_s32x4_t a, iseul_s32x4_t b, __m128i more) {
  const __m128i even = _mm_add_epi64(_mm_mul_epu32(a, b), more);
  const __m128i odd =
      _mm_add_epi64(_mm_mul_epu32(_mm_srli_epi64(a, 32), _mm_srli_epi64(b, 32)), more);
  return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(even), _mm_castsi128_ps(odd), 0xDD));
}
ISEUL_INLINE iseul_s32x4_t iseul_scale_s32x4(iseul_s32x4_t x, const int32_t *t) {
  const __m128i nudge = _mm_set_epi32(0, INT32_MIN, 0, INT32_MIN);
  const __m128i y =
      _mm_sub_epi32(iseul_upper_s32x4(x, iseul_load_s32x4(t + 8), nudge), iseul_load_s32x4(t + 16));
  const __m128i sum =
      _mm_add_epi32(_mm_add_epi32(y, iseul_load_s32x4(t + 24)), _mm_srai_epi32(y, 31));
  const __m128i upper = iseul_upper_s32x4(sum, iseul_load_s32x4(t + 32), _mm_setzero_si128());
  return _mm_add_epi32(upper, iseul_load_s32x4(t + 40));
}
ISEUL_INLINE iseul_s16x8_t iseul_narrow_s16x8(iseul_s32x4_t low, iseul_s32x4_t high) {
  return _mm_packs_epi32(low, high);
}
ISEUL_INLINE iseul_s16x8_t iseul_clamp_s16x8(iseul_s16x8_t v, iseul_s16x8_t low,
                                             iseul_s16x8_t high) {
  return _mm_min_epi16(_mm_max_epi16(v, low), high);
}
ISEUL_INLINE void iseul_put_s16x8(int8_t *to, iseul_s16x8_t v) {
  _mm_storel_epi64((__m128i *)(void *)to, _mm_packs_epi16(v, v));
}

#elif defined(__aarch64__) && defined(__ARM_NEON)

typedef int8x16_t iseul_s8x16_t;
typedef int16x8_t iseul_s16x8_t;
typedef int32x4_t iseul_s32x4_t;

#define ISEUL_PAIR_S16X8(v, i) \
  vreinterpretq_s16_s32(vdupq_laneq_s32(vreinterpretq_s32_s16(v), i))

ISEUL_INLINE iseul_s8x16_t iseul_load_s8x16(const int8_t *x) { return vld1q_s8(x); }
ISEUL_INLINE iseul_s16x8_t iseul_load_s16x8(const int16_t *x) { return vld1q_s16(x); }
ISEUL_INLINE iseul_s32x4_t iseul_load_s32x4(const int32_t *x) { return vld1q_s32(x); }
ISEUL_INLINE void iseul_store_s16x8(int16_t *to, iseul_s16x8_t v) { vst1q_s16(to, v); }
ISEUL_INLINE iseul_s16x8_t iseul_low_s16x8(iseul_s8x16_t v) { return vmovl_s8(vget_low_s8(v)); }
ISEUL_INLINE iseul_s16x8_t iseul_high_s16x8(iseul_s8x16_t v) { return vmovl_high_s8(v); }
ISEUL_INLINE iseul_s16x8_t iseul_wide_s16x8(const int8_t *x) { return vmovl_s8(vld1_s8(x)); }
ISEUL_INLINE iseul_s16x8_t iseul_all_s16x8(int32_t x) { return vdupq_n_s16((int16_t)x); }
ISEUL_INLINE iseul_s16x8_t iseul_zip_low_s16x8(iseul_s16x8_t a, iseul_s16x8_t b) {
  return vzip1q_s16(a, b);
}
ISEUL_INLINE iseul_s16x8_t iseul_zip_high_s16x8(iseul_s16x8_t a, iseul_s16x8_t b) {
  return vzip2q_s16(a, b);
}
ISEUL_INLINE iseul_s32x4_t iseul_mac_s32x4(iseul_s32x4_t acc, iseul_s16x8_t x, iseul_s16x8_t w) {
  const int32x4_t low = vmull_s16(vget_low_s16(x), vget_low_s16(w));
  return vaddq_s32(acc, vpaddq_s32(low, vmull_high_s16(x, w)));
}
ISEUL_INLINE iseul_s32x4_t iseul_scale_s32x4(iseul_s32x4_t x, const int32_t *t) {
  const uint32x4_t sums = vreinterpretq_u32_s32(x);
  const uint32x4_t twice = vreinterpretq_u32_s32(vld1q_s32(t + 8));
  const uint64x2_t nudge = vdupq_n_u64(0x80000000u);
  const uint64x2_t low = vmlal_u32(nudge, vget_low_u32(sums), vget_low_u32(twice));
  const uint64x2_t high = vmlal_high_u32(nudge, sums, twice);
  const int32x4_t upper = vtrn2q_s32(vreinterpretq_s32_u64(low), vreinterpretq_s32_u64(high));
  const int32x4_t y = vsubq_s32(upper, vld1q_s32(t + 16));
  const int32x4_t half = veorq_s32(vld1q_s32(t + 24), vdupq_n_s32(INT32_MIN));
  const int32x4_t sum = vaddq_s32(vaddq_s32(y, half), vshrq_n_s32(y, 31));
  // 2^(32-n) has n - 1 leading zeros; shifts to the right are negative
  const int32x4_t factor = vld1q_s32(t + 32);
  const int32x4_t q = vshlq_s32(sum, vmvnq_s32(vclzq_s32(factor)));
  const int32x4_t in_order = vzip1q_s32(q, vextq_s32(q, q, 2));
  const int32x4_t factors = vzip1q_s32(factor, vextq_s32(factor, factor, 2));
  const uint32x4_t less = vshrq_n_u32(vreinterpretq_u32_s32(factors), 1);
  return vaddq_s32(in_order, vaddq_s32(vld1q_s32(t + 40), vreinterpretq_s32_u32(less)));
}
ISEUL_INLINE iseul_s16x8_t iseul_narrow_s16x8(iseul_s32x4_t low, iseul_s32x4_t high) {
  return vqmovn_high_s32(vqmovn_s32(low), high);
}
ISEUL_INLINE iseul_s16x8_t iseul_clamp_s16x8(iseul_s16x8_t v, iseul_s16x8_t low,
                                             iseul_s16x8_t high) {
  return vminq_s16(vmaxq_s16(v, low), high);
}
ISEUL_INLINE void iseul_put_s16x8(int8_t *to, iseul_s16x8_t v) { vst1_s8(to, vqmovn_s16(v)); }

#elif defined(__wasm_simd128__)

typedef v128_t iseul_s8x16_t;
typedef v128_t iseul_s16x8_t;
typedef v128_t iseul_s32x4_t;

#define ISEUL_PAIR_S16X8(v, i) wasm_i32x4_shuffle(v, v, i, i, i, i)

ISEUL_INLINE iseul_s8x16_t iseul_load_s8x16(const int8_t *x) { return wasm_v128_load(x); }
ISEUL_INLINE iseul_s16x8_t iseul_load_s16x8(const int16_t *x) { return wasm_v128_load(x); }
ISEUL_INLINE iseul_s32x4_t iseul_load_s32x4(const int32_t *x) { return wasm_v128_load(x); }
ISEUL_INLINE void iseul_store_s16x8(int16_t *to, iseul_s16x8_t v) { wasm_v128_store(to, v); }
ISEUL_INLINE iseul_s16x8_t iseul_low_s16x8(iseul_s8x16_t v) {
  return wasm_i16x8_extend_low_i8x16(v);
}
ISEUL_INLINE iseul_s16x8_t iseul_high_s16x8(iseul_s8x16_t v) {
  return wasm_i16x8_extend_high_i8x16(v);
}
ISEUL_INLINE iseul_s16x8_t iseul_wide_s16x8(const int8_t *x) { return wasm_i16x8_load8x8(x); }
ISEUL_INLINE iseul_s16x8_t iseul_all_s16x8(int32_t x) { return wasm_i16x8_splat((int16_t)x); }
ISEUL_INLINE iseul_s16x8_t iseul_zip_low_s16x8(iseul_s16x8_t a, iseul_s16x8_t b) {
  return wasm_i16x8_shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
ISEUL_INLINE iseul_s16x8_t iseul_zip_high_s16x8(iseul_s16x8_t a, iseul_s16x8_t b) {
  return wasm_i16x8_shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
ISEUL_INLINE iseul_s32x4_t iseul_mac_s32x4(iseul_s32x4_t acc, iseul_s16x8_t x, iseul_s16x8_t w) {
  return wasm_i32x4_add(acc, wasm_i32x4_dot_i16x8(x, w));
}
ISEUL_INLINE iseul_s32x4_t iseul_scale_s32x4(iseul_s32x4_t x, const int32_t *t) {
  const v128_t twice = wasm_v128_load(t + 8), factor = wasm_v128_load(t + 32);
  const v128_t nudge = wasm_u64x2_const_splat(0x80000000u);
  const v128_t low = wasm_i64x2_add(wasm_u64x2_extmul_low_u32x4(x, twice), nudge);
  const v128_t high = wasm_i64x2_add(wasm_u64x2_extmul_high_u32x4(x, twice), nudge);
  const v128_t y =
      wasm_i32x4_sub(wasm_i32x4_shuffle(low, high, 1, 5, 3, 7), wasm_v128_load(t + 16));
  const v128_t sum =
      wasm_i32x4_add(wasm_i32x4_add(y, wasm_v128_load(t + 24)), wasm_i32x4_shr(y, 31));
  const v128_t first = wasm_u64x2_extmul_low_u32x4(sum, factor);
  const v128_t second = wasm_u64x2_extmul_high_u32x4(sum, factor);
  return wasm_i32x4_add(wasm_i32x4_shuffle(first, second, 1, 5, 3, 7), wasm_v128_load(t + 40));
}
ISEUL_INLINE iseul_s16x8_t iseul_narrow_s16x8(iseul_s32x4_t low, iseul_s32x4_t high) {
  return wasm_i16x8_narrow_i32x4(low, high);
}
ISEUL_INLINE iseul_s16x8_t iseul_clamp_s16x8(iseul_s16x8_t v, iseul_s16x8_t low,
                                             iseul_s16x8_t high) {
  return wasm_i16x8_min(wasm_i16x8_max(v, low), high);
}
ISEUL_INLINE void iseul_put_s16x8(int8_t *to, iseul_s16x8_t v) {
  wasm_v128_store64_lane(to, wasm_i8x16_narrow_i16x8(v, v), 0);
}

#else

typedef struct {
  int8_t b[16];
} iseul_s8x16_t;
typedef struct {
  int16_t h[8];
} iseul_s16x8_t;
typedef struct {
  int32_t w[4];
} iseul_s32x4_t;

#define ISEUL_PAIR_S16X8(v, i) iseul_pair_s16x8(v, i)

ISEUL_INLINE iseul_s16x8_t iseul_pair_s16x8(iseul_s16x8_t v, int32_t i) {
  iseul_s16x8_t to;
  for (int32_t k = 0; k < 8; ++k) {
    to.h[k] = v.h[2 * i + k % 2];
  }
  return to;
}
ISEUL_INLINE iseul_s8x16_t iseul_load_s8x16(const int8_t *x) {
  iseul_s8x16_t v;
  memcpy(v.b, x, sizeof v.b);
  return v;
}
ISEUL_INLINE iseul_s16x8_t iseul_load_s16x8(const int16_t *x) {
  iseul_s16x8_t v;
  memcpy(v.h, x, sizeof v.h);
  return v;
}
ISEUL_INLINE iseul_s32x4_t iseul_load_s32x4(const int32_t *x) {
  iseul_s32x4_t v;
  memcpy(v.w, x, sizeof v.w);
  return v;
}
ISEUL_INLINE void iseul_store_s16x8(int16_t *to, iseul_s16x8_t v) { memcpy(to, v.h, sizeof v.h); }
ISEUL_INLINE iseul_s16x8_t iseul_wide_s16x8(const int8_t *x) {
  iseul_s16x8_t v;
  for (int32_t i = 0; i < 8; ++i) {
    v.h[i] = x[i];
  }
  return v;
}
ISEUL_INLINE iseul_s16x8_t iseul_low_s16x8(iseul_s8x16_t v) { return iseul_wide_s16x8(v.b); }
ISEUL_INLINE iseul_s16x8_t iseul_high_s16x8(iseul_s8x16_t v) { return iseul_wide_s16x8(v.b + 8); }
ISEUL_INLINE iseul_s16x8_t iseul_all_s16x8(int32_t x) {
  iseul_s16x8_t v;
  for (int32_t i = 0; i < 8; ++i) {
    v.h[i] = (int16_t)x;
  }
  return v;
}
ISEUL_INLINE iseul_s16x8_t iseul_zip_low_s16x8(iseul_s16x8_t a, iseul_s16x8_t b) {
  iseul_s16x8_t v;
  for (int32_t i = 0; i < 4; ++i) {
    v.h[2 * i] = a.h[i];
    v.h[2 * i + 1] = b.h[i];
  }
  return v;
}
ISEUL_INLINE iseul_s16x8_t iseul_zip_high_s16x8(iseul_s16x8_t a, iseul_s16x8_t b) {
  iseul_s16x8_t v;
  for (int32_t i = 0; i < 4; ++i) {
    v.h[2 * i] = a.h[4 + i];
    v.h[2 * i + 1] = b.h[4 + i];
  }
  return v;
}
ISEUL_INLINE iseul_s32x4_t iseul_mac_s32x4(iseul_s32x4_t acc, iseul_s16x8_t x, iseul_s16x8_t w) {
  for (int32_t i = 0; i < 4; ++i) {
    const uint32_t first = (uint32_t)(x.h[2 * i] * w.h[2 * i]);
    const uint32_t second = (uint32_t)(x.h[2 * i + 1] * w.h[2 * i + 1]);
    acc.w[i] = (int32_t)((uint32_t)acc.w[i] + first + second);
  }
  return acc;
}
ISEUL_INLINE iseul_s32x4_t iseul_scale_s32x4(iseul_s32x4_t x, const int32_t *t) {
  for (int32_t i = 0; i < 4; ++i) {
    const int32_t k = i == 1 ? 2 : i == 2 ? 1 : i;
    const uint64_t product = (uint64_t)(uint32_t)x.w[i] * (uint32_t)t[8 + i] + 0x80000000u;
    const uint32_t y = (uint32_t)(product >> 32) - (uint32_t)t[16 + k];
    const uint32_t sum = y + (uint32_t)t[24 + k] - (y >> 31);
    const uint64_t shifted = (uint64_t)sum * (uint32_t)t[32 + k] >> 32;
    x.w[i] = (int32_t)((uint32_t)shifted + (uint32_t)t[40 + i]);
  }
  return x;
}
ISEUL_INLINE iseul_s16x8_t iseul_narrow_s16x8(iseul_s32x4_t low, iseul_s32x4_t high) {
  iseul_s16x8_t v;
  for (int32_t i = 0; i < 4; ++i) {
    v.h[i] = (int16_t)iseul_clamp(low.w[i], INT16_MIN, INT16_MAX);
    v.h[4 + i] = (int16_t)iseul_clamp(high.w[i], INT16_MIN, INT16_MAX);
  }
  return v;
}
ISEUL_INLINE iseul_s16x8_t iseul_clamp_s16x8(iseul_s16x8_t v, iseul_s16x8_t low,
                                             iseul_s16x8_t high) {
  for (int32_t i = 0; i < 8; ++i) {
    v.h[i] = (int16_t)iseul_clamp(v.h[i], low.h[i], high.h[i]);
  }
  return v;
}
ISEUL_INLINE void iseul_put_s16x8(int8_t *to, iseul_s16x8_t v) {
  for (int32_t i = 0; i < 8; ++i) {
    to[i] = (int8_t)v.h[i];
  }
}

#endif

// --- from bytes to numbers of 16 bits

// n >= 0 bytes; writes n numbers, and reads nothing behind x.
ISEUL_INLINE void iseul_widen_simd128(int16_t *to, const int8_t *x, int32_t n) {
  int32_t i = 0;
  for (; i + 8 <= n; i += 8) {
    iseul_store_s16x8(to + i, iseul_wide_s16x8(x + i));
  }
  if (i < n && n >= 8) {
    iseul_store_s16x8(to + (n - 8), iseul_wide_s16x8(x + (n - 8)));
    return;
  }
  for (; i < n; ++i) {
    to[i] = x[i];
  }
}

// n >= 0 numbers of one value.
ISEUL_INLINE void iseul_fill_simd128(int16_t *to, int32_t value, int32_t n) {
  int32_t i = 0;
  for (; i + 8 <= n; i += 8) {
    iseul_store_s16x8(to + i, iseul_all_s16x8(value));
  }
  for (; i < n; ++i) {
    to[i] = (int16_t)value;
  }
}

// --- from sums to int8

// Sums of eight channels.
typedef struct {
  iseul_s32x4_t low, high;
} iseul_sums_t;

typedef struct {
  int32_t low, high;
} iseul_clamp_simd128_t;

// Words of eight channels: biases plus 2^31, and what `iseul_scale_s32x4` reads.
#define ISEUL_SCALES_SIMD128 48

ISEUL_INLINE iseul_sums_t iseul_biases_simd128(const int32_t *scales) {
  const iseul_sums_t sums = {iseul_load_s32x4(scales), iseul_load_s32x4(scales + 4)};
  return sums;
}

ISEUL_INLINE iseul_sums_t iseul_mac_simd128(iseul_sums_t acc, iseul_s16x8_t x_low,
                                            iseul_s16x8_t x_high, iseul_s16x8_t w_low,
                                            iseul_s16x8_t w_high) {
  acc.low = iseul_mac_s32x4(acc.low, x_low, w_low);
  acc.high = iseul_mac_s32x4(acc.high, x_high, w_high);
  return acc;
}

ISEUL_INLINE iseul_s16x8_t iseul_finish_simd128(iseul_sums_t sums, const int32_t *scales,
                                                const iseul_clamp_simd128_t *o) {
  const iseul_s32x4_t low = iseul_scale_s32x4(sums.low, scales);
  const iseul_s32x4_t high = iseul_scale_s32x4(sums.high, scales + 4);
  return iseul_clamp_s16x8(iseul_narrow_s16x8(low, high), iseul_all_s16x8(o->low),
                           iseul_all_s16x8(o->high));
}

// Writes n >= 1 channels, at most 8.
ISEUL_INLINE void iseul_some_simd128(int8_t *to, iseul_s16x8_t v, int32_t n) {
  if (n >= 8) {
    iseul_put_s16x8(to, v);
  } else {
    int8_t all[8];
    iseul_put_s16x8(all, v);
    for (int32_t i = 0; i < n; ++i) {
      to[i] = all[i];
    }
  }
}

// --- convolutions

// Also of a fully connected op, whose rows are a batch.
typedef struct {
  iseul_window_t window;
  int32_t depth;          // values of a window, rounded up to a multiple of 8
  const int8_t *weights;  // per 8 channels, per pair of values of a window: a pair per channel
  const int32_t *scales;  // per 8 channels
  int32_t in_zero_point;
  iseul_clamp_simd128_t output;
} iseul_conv_s8_simd128_t;

void iseul_conv2d_s8_simd128(const iseul_conv_s8_simd128_t *p, const int8_t *in, int8_t *out,
                             int16_t *scratch);

typedef struct {
  iseul_window_t window;
  int32_t columns;         // of a strip of rows, with those on padding
  int32_t taps;            // rounded up to a multiple of 2
  const int32_t *places;   // of each tap in the strip, from the window's first on
  const int16_t *weights;  // per 8 channels, per pair of taps: a pair per channel
  const int32_t *scales;   // per 8 channels
  int32_t in_zero_point;
  iseul_clamp_simd128_t output;
} iseul_depthwise_s8_simd128_t;

void iseul_depthwise_conv2d_s8_simd128(const iseul_depthwise_s8_simd128_t *p, const int8_t *in,
                                       int8_t *out, int16_t *scratch);

#endif
