// SPDX-License-Identifier: Apache-2.0
// iseul_select_b32: a where a condition is true, b elsewhere, with broadcasting; 32 bits each.
//
// condition  bytes, 0 is false; read in runs as `shape` says, as are a and b
// a, b       float or int32; a step of 0 repeats the operand along that axis
// out        as many elements as the sizes of `shape` multiply to; may be a or b that is not
//            repeated
// scratch    none
// Meaning: graph/ops/select.py. Exact: bits are copied.
#include "iseul_binary.h"
#include "iseul_move.h"

void iseul_select_b32(const iseul_pair_t *p, const uint8_t *condition, const void *a,
                      const void *b, void *out) {
  iseul_b32_t *to = (iseul_b32_t *)out;
  iseul_run_t run = iseul_first_run(&p->shape, 3);
  do {
    const uint8_t *c = condition + run.at[0];
    const iseul_b32_t *x = (const iseul_b32_t *)a + run.at[1];
    const iseul_b32_t *y = (const iseul_b32_t *)b + run.at[2];
    for (int32_t i = 0; i < run.n; ++i) {
      *to++ = *c != 0 ? *x : *y;
      c += run.step[0];
      x += run.step[1];
      y += run.step[2];
    }
  } while (iseul_next_run(&p->shape, 3, &run));
}
