// SPDX-License-Identifier: Apache-2.0
// iseul.h: what generated models and kernels share. C99, no heap, nothing of libc but memcpy
// and memset.
//
// An application needs the codes and the macros of the first part only; the rest is for kernels.
// Values are NHWC, C-contiguous. int8 stands for reals as scale * (q - zero_point); weights have
// zero point 0 but where a struct holds one. Integer meanings are those of TensorFlow Lite Micro's
// reference kernels, bit for bit (double rounding).
#ifndef ISEUL_H
#define ISEUL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// --- codes of <name>_init and <name>_invoke

#define ISEUL_OK 0
#define ISEUL_E_NULL 1   // the model or the arena is NULL, or the model was not initialised
#define ISEUL_E_SIZE 2   // the arena is smaller than <NAME>_ARENA_BYTES
#define ISEUL_E_ALIGN 3  // the arena's address is no multiple of <NAME>_ARENA_ALIGN

// --- macros that a build may define

// Called after each step i of model m; empty unless a build wants to look at values.
#ifndef ISEUL_TRACE
#define ISEUL_TRACE(m, i) ((void)0)
#endif

// Put before every table of constants, to place them in a section of your own.
#ifndef ISEUL_CONSTANT
#define ISEUL_CONSTANT
#endif

// Tables start at addresses where kernels may load words.
#ifndef ISEUL_TABLE
#if defined(__GNUC__) || defined(__clang__)
#define ISEUL_TABLE __attribute__((aligned(4)))
#else
#define ISEUL_TABLE
#endif
#endif

// Each step stays a function of its own, so that profilers can tell steps apart. Headers have
// functions for some of the files only.
#ifndef ISEUL_NOINLINE
#if defined(__GNUC__) || defined(__clang__)
#define ISEUL_NOINLINE __attribute__((noinline, unused))
#else
#define ISEUL_NOINLINE
#endif
#endif

// What must become part of its caller: blocks that are made once for each of their constants,
// and operations on vectors.
#if defined(__GNUC__)
#define ISEUL_INLINE static inline __attribute__((always_inline, unused))
#else
#define ISEUL_INLINE static inline
#endif

// An object of `type` at a byte offset of a buffer that is aligned for it.
#define ISEUL_AT(type, base, offset) ((type *)(void *)((base) + (offset)))

// C99 leaves the right shift of negative numbers to the compiler; the kernels need the
// arithmetic one. A compiler with another one stops here.
typedef char iseul_needs_arithmetic_shift[(((int64_t)-3 >> 1) == -2 && (-3 >> 1) == -2) ? 1 : -1];

// --- arithmetic

// floor((a b + 2^30) / 2^31): gemmlowp's SaturatingRoundingDoublingHighMul for every sign of
// the product; not for a = b = -2^31.
static inline int32_t iseul_high_mul(int32_t a, int32_t b) {
  return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

// x / 2^n rounded to nearest, ties away from zero; 0 <= n <= 31.
static inline int32_t iseul_divide_by_pot(int32_t x, int32_t n) {
  const int64_t half = (int64_t)(((uint64_t)1 << n) >> 1);
  return (int32_t)(((int64_t)x + half - (x < 0 && n > 0 ? 1 : 0)) >> n);
}

// x * multiplier * 2^(shift - 31), rounded twice as the reference does, in one multiplication.
//
// multiplier  >= 0;  shift -31 .. 30;  x << shift fits into 32 bits for shift > 0
//
// For n = -shift > 0 the rounding high multiply, floor((x q + 2^30) / 2^31), and the rounding
// shift, floor((y + 2^(n-1) - [y < 0]) / 2^n), have y < 0 exactly if x < 0 (or y = 0, where both
// give 0), and nested floors merge:
//   floor((x q + 2^30 + 2^(30+n) - [x < 0] 2^31) / 2^(31+n))
// The quotient by 2^32 is the product's upper word; the rest is a 32-bit shift.
static inline int32_t iseul_requantize(int32_t x, int32_t multiplier, int32_t shift) {
  if (shift < 0) {
    const uint32_t n = (uint32_t)-shift;
    const uint64_t nudge = (uint64_t)(((uint32_t)1 << n) + 1u) << 30;
    const int64_t sum =
        (int64_t)x * multiplier + (int64_t)nudge - (int64_t)((uint32_t)x & 0x80000000u);
    return (int32_t)(sum >> 32) >> (n - 1u);
  }
  return iseul_high_mul((int32_t)((uint32_t)x << shift), multiplier);
}

static inline int32_t iseul_clamp(int32_t x, int32_t low, int32_t high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}

static inline float iseul_clamp_real(float x, float low, float high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}

// Infinite reals, which are the clamps of activations that do not clamp, and what is no real.
#define ISEUL_LOWEST_REAL (-1.0f / 0.0f)
#define ISEUL_HIGHEST_REAL (1.0f / 0.0f)
#define ISEUL_NOT_A_REAL (0.0f / 0.0f)

// --- windows: what convolutions and pools share

// A window that slides over rows and columns of (batch, in_h, in_w, in_c). Pads at the bottom
// and the right follow from the sizes.
typedef struct {
  int32_t batch;
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
} iseul_window_t;

// Taps [first, last) of a window lie inside the input; tap `first` at index `start`.
typedef struct {
  int32_t first, last, start;
} iseul_span_t;

// start: index of tap 0, negative on padding; size: of the input along this axis
static inline iseul_span_t iseul_span(int32_t start, int32_t kernel, int32_t dilation,
                                      int32_t size) {
  iseul_span_t span = {0, kernel, start};
  while (span.start < 0 && span.first < kernel) {
    span.start += dilation;
    ++span.first;
  }
  while (span.last > span.first && start + (span.last - 1) * dilation >= size) {
    --span.last;
  }
  return span;
}

// --- self-tests

// CRC-32 (ISO-HDLC, as zlib) of n bytes, going on from the CRC of what came before; 0 at first.
uint32_t iseul_crc32(uint32_t crc, const void *data, size_t n);

// Whether |got[i] - expected[i]| <= tolerance for all i, or both are the same infinity or NaN.
int iseul_is_close_f32(const float *got, const float *expected, size_t n, float tolerance);

#ifdef __cplusplus
}
#endif

#endif
