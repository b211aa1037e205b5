// SPDX-License-Identifier: Apache-2.0
// iseul.h: what generated models and kernels share. C99, no heap, nothing of libc but memcpy
// and memset.
//
// An application needs the codes and the macros of the first part only; the rest is for kernels.
// Values are NHWC, C-contiguous. int8 stands for reals as scale * (q - zero_point); weights have
// zero point 0. Integer meanings are those of TensorFlow Lite Micro's reference kernels, bit for
// bit (double rounding).
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

// Each step stays a function of its own, so that profilers can tell steps apart.
#ifndef ISEUL_NOINLINE
#if defined(__GNUC__) || defined(__clang__)
#define ISEUL_NOINLINE __attribute__((noinline))
#else
#define ISEUL_NOINLINE
#endif
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

// Clamps of activations that do not clamp.
#define ISEUL_LOWEST_REAL (-1.0f / 0.0f)
#define ISEUL_HIGHEST_REAL (1.0f / 0.0f)

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

// acc[k] += sum over i of (x[i] - zero_point) * w[k * w_step + i], for k = 0 .. 3. One load of
// x serves four rows of weights.
static inline void iseul_dot4_s8(int32_t acc[4], const int8_t *x, const int8_t *w, int32_t w_step,
                                 int32_t n, int32_t zero_point) {
  const int8_t *const end = x + n;
  const int8_t *w1 = w + w_step;
  const int8_t *w2 = w1 + w_step;
  const int8_t *w3 = w2 + w_step;
  while (x != end) {
    const int32_t v = *x++ - zero_point;
    acc[0] += v * *w++;
    acc[1] += v * *w1++;
    acc[2] += v * *w2++;
    acc[3] += v * *w3++;
  }
}

// Sum over i of (x[i] - zero_point) * w[i].
static inline int32_t iseul_dot_s8(const int8_t *x, const int8_t *w, int32_t n,
                                   int32_t zero_point) {
  int32_t acc = 0;
  for (int32_t i = 0; i < n; ++i) {
    acc += (x[i] - zero_point) * w[i];
  }
  return acc;
}

// --- kernels: parameters, then functions. Each stands in the file of its name.

// How int32 accumulators become int8: requantize, + zero_point, clamp.
typedef struct {
  const int32_t *multiplier;  // one, or one per output channel
  const int8_t *shift;
  int32_t step;  // 0: one scale for all channels, 1: one per channel
  int32_t zero_point, low, high;
} iseul_output_s8_t;

static inline int8_t iseul_finish_s8(const iseul_output_s8_t *o, int32_t acc, int32_t channel) {
  const int32_t i = channel * o->step;
  const int32_t q = iseul_requantize(acc, o->multiplier[i], o->shift[i]) + o->zero_point;
  return (int8_t)iseul_clamp(q, o->low, o->high);
}

// `iseul_finish_s8` of four neighbours. Nothing is stored before all is read: a store through
// int8_t * might change anything, so that the compiler would read the parameters again.
static inline void iseul_finish4_s8(const iseul_output_s8_t *o, const int32_t acc[4],
                                    int32_t channel, int8_t *out) {
  const int8_t q0 = iseul_finish_s8(o, acc[0], channel);
  const int8_t q1 = iseul_finish_s8(o, acc[1], channel + 1);
  const int8_t q2 = iseul_finish_s8(o, acc[2], channel + 2);
  const int8_t q3 = iseul_finish_s8(o, acc[3], channel + 3);
  out[0] = q0;
  out[1] = q1;
  out[2] = q2;
  out[3] = q3;
}

typedef struct {
  iseul_window_t window;
  const int8_t *weights;  // conv2d: (out_c, kernel_h, kernel_w, in_c); depthwise: (kernel_h,
  const int32_t *bias;    // kernel_w, out_c)
  int32_t in_zero_point;
  iseul_output_s8_t output;
} iseul_conv_s8_t;

void iseul_conv2d_s8(const iseul_conv_s8_t *p, const int8_t *in, int8_t *out);
void iseul_depthwise_conv2d_s8(const iseul_conv_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
  iseul_window_t window;
  const float *weights;
  const float *bias;
  float low, high;
} iseul_conv_f32_t;

void iseul_conv2d_f32(const iseul_conv_f32_t *p, const float *in, float *out);
void iseul_depthwise_conv2d_f32(const iseul_conv_f32_t *p, const float *in, float *out);

typedef struct {
  int32_t rows, in_size, out_size;
  const int8_t *weights;  // (out_size, in_size)
  const int32_t *bias;
  int32_t in_zero_point;
  iseul_output_s8_t output;
} iseul_fully_connected_s8_t;

void iseul_fully_connected_s8(const iseul_fully_connected_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
  int32_t rows, in_size, out_size;
  const float *weights;
  const float *bias;
  float low, high;
} iseul_fully_connected_f32_t;

void iseul_fully_connected_f32(const iseul_fully_connected_f32_t *p, const float *in, float *out);

typedef struct {
  iseul_window_t window;
  int32_t low, high;
} iseul_pool_s8_t;

void iseul_average_pool2d_s8(const iseul_pool_s8_t *p, const int8_t *in, int8_t *out);
void iseul_max_pool2d_s8(const iseul_pool_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
  iseul_window_t window;
  float low, high;
} iseul_pool_f32_t;

void iseul_average_pool2d_f32(const iseul_pool_f32_t *p, const float *in, float *out);
void iseul_max_pool2d_f32(const iseul_pool_f32_t *p, const float *in, float *out);

// Broadcasting over up to 4 axes: an operand that does not have an axis has step 0 along it.
typedef struct {
  int32_t size[4];
  int32_t a_step[4], b_step[4];
} iseul_broadcast_t;

typedef struct {
  iseul_broadcast_t shape;
  int32_t left_shift;
  int32_t a_zero_point, a_multiplier, a_shift;
  int32_t b_zero_point, b_multiplier, b_shift;
  int32_t multiplier, shift, zero_point, low, high;
} iseul_add_s8_t;

void iseul_add_s8(const iseul_add_s8_t *p, const int8_t *a, const int8_t *b, int8_t *out);

typedef struct {
  iseul_broadcast_t shape;
  float low, high;
} iseul_add_f32_t;

void iseul_add_f32(const iseul_add_f32_t *p, const float *a, const float *b, float *out);

typedef struct {
  int32_t n;
  int32_t low, high;
} iseul_clamp_s8_t;

void iseul_clamp_s8(const iseul_clamp_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
  int32_t n;
  float low, high;
} iseul_clamp_f32_t;

void iseul_clamp_f32(const iseul_clamp_f32_t *p, const float *in, float *out);

typedef struct {
  int32_t n;
  int32_t in_zero_point, multiplier, shift, zero_point, low, high;
} iseul_requantize_s8_t;

void iseul_requantize_s8(const iseul_requantize_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
  int32_t n;
  float scale;
  int32_t zero_point;
} iseul_affine_t;

void iseul_quantize_s8(const iseul_affine_t *p, const float *in, int8_t *out);
void iseul_quantize_u8(const iseul_affine_t *p, const float *in, uint8_t *out);
void iseul_quantize_s16(const iseul_affine_t *p, const float *in, int16_t *out);
void iseul_dequantize_s8(const iseul_affine_t *p, const int8_t *in, float *out);
void iseul_dequantize_u8(const iseul_affine_t *p, const uint8_t *in, float *out);
void iseul_dequantize_s16(const iseul_affine_t *p, const int16_t *in, float *out);

// Up to 4 axes; out_size = in_size + before + after.
typedef struct {
  int32_t in_size[4], out_size[4], before[4];
  int32_t border;
} iseul_pad_s8_t;

void iseul_pad_s8(const iseul_pad_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
  int32_t in_size[4], out_size[4], before[4];
  float border;
} iseul_pad_f32_t;

void iseul_pad_f32(const iseul_pad_f32_t *p, const float *in, float *out);

typedef struct {
  int32_t rows, size;
  const int32_t *exponentials;  // 256 in Q0.31: of the distances 0, -1, .. -255 to the maximum
} iseul_softmax_s8_t;

void iseul_softmax_s8(const iseul_softmax_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
  int32_t rows, size;
  float beta;
} iseul_softmax_f32_t;

void iseul_softmax_f32(const iseul_softmax_f32_t *p, const float *in, float *out);

// Copies n bytes: a reshape whose output must be a buffer of its own.
typedef struct {
  int32_t n_bytes;
} iseul_copy_t;

void iseul_copy(const iseul_copy_t *p, const void *in, void *out);

// --- self-tests

// CRC-32 (ISO-HDLC, as zlib) of n bytes, going on from the CRC of what came before; 0 at first.
uint32_t iseul_crc32(uint32_t crc, const void *data, size_t n);

// Whether |got[i] - expected[i]| <= tolerance for all i.
int iseul_is_close_f32(const float *got, const float *expected, size_t n, float tolerance);

#ifdef __cplusplus
}
#endif

#endif
