// SPDX-License-Identifier: Apache-2.0
// iseul_move.h: values that change their place, not themselves.
//
// Parameters, then functions; each function stands in the file of its name.
#ifndef ISEUL_MOVE_H
#define ISEUL_MOVE_H

#include <string.h>

#include "iseul.h"

// Elements of any type by their size: they may alias the floats and integers of that size.
#if defined(__GNUC__) || defined(__clang__)
typedef uint16_t __attribute__((may_alias)) iseul_b16_t;
typedef uint32_t __attribute__((may_alias)) iseul_b32_t;
typedef uint64_t __attribute__((may_alias)) iseul_b64_t;
#else
typedef uint16_t iseul_b16_t;
typedef uint32_t iseul_b32_t;
typedef uint64_t iseul_b64_t;
#endif

// --- every element of the output has its place in the input: transposes, slices, tiles

#define ISEUL_MOST_AXES 8

// A walk through the input in the order of the output. The unit of steps, start and run is an
// element for the kernels of one element size, a byte for iseul_move_runs.
typedef struct {
  int32_t n_axes;       // 1 .. ISEUL_MOST_AXES
  const int32_t *size;  // of each axis, outermost first
  const int32_t *step;  // in the input, along each axis; 0 repeats, negative runs backwards
  int32_t start;        // of the first element
  int32_t run;          // what lies together at each place; 1 for the kernels of one size
} iseul_move_t;

void iseul_move_runs(const iseul_move_t *p, const void *in, void *out);
void iseul_move_b8(const iseul_move_t *p, const void *in, void *out);
void iseul_move_b16(const iseul_move_t *p, const void *in, void *out);
void iseul_move_b32(const iseul_move_t *p, const void *in, void *out);
void iseul_move_b64(const iseul_move_t *p, const void *in, void *out);

// One step on through the first n_axes axes of a walk. at: the place, all 0 at first; from: its
// offset in the input. 0 behind the last place.
static inline int iseul_walk(int32_t n_axes, const int32_t *size, const int32_t *step,
                             int32_t *at, int32_t *from) {
  for (int32_t axis = n_axes - 1; axis >= 0; --axis) {
    *from += step[axis];
    if (++at[axis] < size[axis]) {
      return 1;
    }
    *from -= step[axis] * size[axis];
    at[axis] = 0;
  }
  return 0;
}

// The places in the input are a sum of offsets, one table per axis: mirrored borders, nearest
// pixels, blocks that go back to space.
typedef struct {
  int32_t n_axes;         // 1 .. ISEUL_MOST_AXES
  const int32_t *size;    // of each axis, outermost first
  const int32_t *offset;  // in bytes: size[0] numbers of axis 0, then size[1] of axis 1, ...
  int32_t run;            // bytes that lie together at each place
} iseul_pick_t;

void iseul_pick(const iseul_pick_t *p, const void *in, void *out);

// --- every element of the input has its place in the output

// A border all over the output, then the input's runs at their places in it. A border is the
// bits of one element, those of 4 bytes and less repeated to fill both words.
typedef struct {
  int32_t n_axes;        // 1 .. ISEUL_MOST_AXES
  const int32_t *size;   // of each axis of the input, outermost first
  const int32_t *step;   // in the output, along each axis, in bytes
  int32_t start;         // of the first byte of the input in the output
  int32_t run;           // bytes that lie together
  int32_t n_bytes;       // of the output
  int32_t border, high;  // bytes 0-3 and 4-7 of the border
} iseul_pad_t;

// n bytes of `out`, which is aligned for an element, filled with the border.
static inline void iseul_fill(uint8_t *out, int32_t n, int32_t border, int32_t high) {
  const int32_t words[2] = {border, high};
  int32_t i = 0;
  for (; i + 8 <= n; i += 8) {
    memcpy(out + i, words, 8);
  }
  memcpy(out + i, words, (size_t)(n - i));
}

void iseul_pad(const iseul_pad_t *p, const void *in, void *out);

// As iseul_pad, with a table of offsets per axis.
typedef struct {
  int32_t n_axes;         // 1 .. ISEUL_MOST_AXES
  const int32_t *size;    // of each axis of the input, outermost first
  const int32_t *offset;  // in bytes in the output: size[0] numbers of axis 0, ...
  int32_t run;            // bytes that lie together
  int32_t n_bytes;        // of the output
  int32_t border, high;   // bytes 0-3 and 4-7 of the border
} iseul_place_t;

void iseul_place(const iseul_place_t *p, const void *in, void *out);

// --- several values

// Inputs one behind the other along an axis. What is in front of the axis is `outer`; run[i]
// bytes of input i are together.
typedef struct {
  int32_t n_inputs;
  int32_t outer;
  const int32_t *run;
} iseul_concatenation_t;

void iseul_concatenation(const iseul_concatenation_t *p, const void *const *in, void *out);

// The other way round: run[i] bytes go to output i at a time.
typedef struct {
  int32_t n_outputs;
  int32_t outer;
  const int32_t *run;
} iseul_split_t;

void iseul_split(const iseul_split_t *p, const void *in, void *const *out);

// A window of row bytes, for each of `outer` rows, that moves on by `fresh` bytes.
typedef struct {
  int32_t outer;
  int32_t row;
  int32_t fresh;  // <= row
} iseul_slide_t;

void iseul_slide(const iseul_slide_t *p, const void *x, const void *window, void *out);

// --- places that are computed

// Slices of an axis by index. Before the axis stand `batch` places that input and indices share,
// then `outer` of the input's own; `run` bytes are behind it. Indices beyond the axis count as
// its last or first.
typedef struct {
  int32_t batch, outer;
  int32_t axis_size;
  int32_t n_indices;    // per batch
  int32_t index_bytes;  // 4 or 8: int32 or int64
  int32_t run;
} iseul_gather_t;

void iseul_gather(const iseul_gather_t *p, const void *in, const void *indices, void *out);

// Slices by rows of `depth` int32 indices, one for each of the input's first axes, each clamped
// to its axis.
typedef struct {
  int32_t n_rows;
  int32_t depth;        // 1 .. ISEUL_MOST_AXES
  const int32_t *size;  // of the indexed axes
  int32_t run;          // bytes of a slice
} iseul_gather_nd_t;

void iseul_gather_nd(const iseul_gather_nd_t *p, const void *in, const void *indices, void *out);

// An int32 or int64 index, clamped to 0 .. size - 1.
static inline int32_t iseul_index(const void *indices, int32_t i, int32_t n_bytes, int32_t size) {
  if (n_bytes == 8) {
    const int64_t wide = ((const int64_t *)indices)[i];
    return wide < 0 ? 0 : wide >= size ? size - 1 : (int32_t)wide;
  }
  return iseul_clamp(((const int32_t *)indices)[i], 0, size - 1);
}

// As iseul_index; -1 for an index outside 0 .. size - 1.
static inline int32_t iseul_index_or_none(const void *indices, int32_t i, int32_t n_bytes,
                                          int32_t size) {
  const int64_t index =
      n_bytes == 8 ? ((const int64_t *)indices)[i] : ((const int32_t *)indices)[i];
  return index < 0 || index >= size ? -1 : (int32_t)index;
}

// A new axis of `depth` places between `outer` and `inner` ones, on at the index, else off.
typedef struct {
  int32_t outer, inner;
  int32_t depth;
  int32_t index_bytes;    // 4 or 8: int32 or int64
  int32_t element;        // bytes: 1, 2, 4 or 8
  int32_t on[2], off[2];  // the bits of one element, repeated over 8 bytes
} iseul_one_hot_t;

void iseul_one_hot(const iseul_one_hot_t *p, const void *indices, void *out);

// The input with an update over a part of it that begins at computed indices.
typedef struct {
  int32_t n_bytes;        // of input and output
  int32_t rank;           // 1 .. ISEUL_MOST_AXES
  const int32_t *last;    // largest first index of the update along each axis
  const int32_t *stride;  // of the input along each axis, in bytes
  int32_t index_bytes;    // 4 or 8: int32 or int64
  int32_t n_axes;         // 1 .. ISEUL_MOST_AXES
  const int32_t *size;    // runs of the update, as axes, outermost first
  const int32_t *step;    // from run to run in the output along each, in bytes
  int32_t run;            // bytes that lie together
} iseul_dynamic_update_slice_t;

void iseul_dynamic_update_slice(const iseul_dynamic_update_slice_t *p, const void *in,
                                const void *update, const void *first, void *out);

// --- copies

// Copies n bytes: a reshape whose output must be a buffer of its own.
typedef struct {
  int32_t n_bytes;
} iseul_copy_t;

void iseul_copy(const iseul_copy_t *p, const void *in, void *out);

// Rows that the next band reads again move to the start of their buffer.
void iseul_keep_rows(uint8_t *band, int32_t shift, int32_t n);

#endif
