// SPDX-License-Identifier: Apache-2.0
// iseul_floor_mod_f32: remainder of a / b rounded down, with broadcasting; it has the sign of b.
//
// a, b     read in runs as `shape` says; a step of 0 repeats the operand along that axis
// out      as many values as the sizes of `shape` multiply to; may be an operand that is not
//          repeated
// scratch  none
// Meaning: graph/ops/floor_mod.py. Exact: the remainder is; one float32 addition follows.
#include "iseul_binary.h"
#include "iseul_real.h"

static float rest_of(float a, float b) {
  const float rest = iseul_fmod(a, b);
  return rest != 0.0f && (b < 0.0f) != (rest < 0.0f) ? rest + b : rest;
}

void iseul_floor_mod_f32(const iseul_pair_t *p, const float *a, const float *b, float *out) {
  iseul_run_t run = iseul_first_run(&p->shape, 2);
  do {
    const int32_t n = run.n, x_step = run.step[0], y_step = run.step[1];
    const float *x = a + run.at[0];
    const float *y = b + run.at[1];
    for (int32_t i = 0; i < n; ++i) {
      *out++ = rest_of(*x, *y);
      x += x_step;
      y += y_step;
    }
  } while (iseul_next_run(&p->shape, 2, &run));
}
