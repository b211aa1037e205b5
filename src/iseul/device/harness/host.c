// SPDX-License-Identifier: Apache-2.0
// Harness on the host: runs many samples in one call, and copies traced values out.
//
// Built with the package and host_model.c into one shared library. With trace.h the package is
// built so that ISEUL_TRACE calls iseul_harness_trace after each step.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

// One copy after one step: n_bytes from the arena's offset to `at` of the sample's record. After
// step N_STEPS, which is the end of the invoke, from the offset in the model's states.
typedef struct {
  int64_t step;
  int64_t offset;
  int64_t n_bytes;
  int64_t at;
} iseul_harness_copy_t;

typedef struct {
  const iseul_harness_copy_t *copies;
  int64_t n_copies;
  int64_t record_bytes;  // bytes of all copies of one sample
  uint8_t *record;       // the current sample's
  const uint8_t *arena;
  const uint8_t *states;
} iseul_harness_trace_t;

static iseul_harness_trace_t trace;
static const iseul_harness_model_t *const tested = &iseul_harness_model;

void iseul_harness_trace(int step);

void iseul_harness_trace(int step) {
  for (int64_t i = 0; i < trace.n_copies; ++i) {
    const iseul_harness_copy_t *copy = &trace.copies[i];
    if (copy->step == step) {
      const uint8_t *from = step == tested->n_steps ? trace.states : trace.arena;
      memcpy(trace.record + copy->at, from + copy->offset, (size_t)copy->n_bytes);
    }
  }
}

// Runs n samples. inputs, outputs: one pointer per graph input or output, samples behind each
// other, input_bytes and output_bytes long each. records: n * record_bytes, or null.
// Returns 0, -1 without memory, 1000 + code of init, or 2000 + code of invoke.
int iseul_harness_run(int64_t n, int stateful, int n_inputs, const uint8_t *const *inputs,
                      const int64_t *input_bytes, int n_outputs, uint8_t *const *outputs,
                      const int64_t *output_bytes, const iseul_harness_copy_t *copies,
                      int64_t n_copies, int64_t record_bytes, uint8_t *records);

int iseul_harness_run(int64_t n, int stateful, int n_inputs, const uint8_t *const *inputs,
                      const int64_t *input_bytes, int n_outputs, uint8_t *const *outputs,
                      const int64_t *output_bytes, const iseul_harness_copy_t *copies,
                      int64_t n_copies, int64_t record_bytes, uint8_t *records) {
  uint8_t *memory = malloc(tested->arena_bytes + 64);
  if (memory == NULL) {
    return -1;
  }
  uint8_t *arena = memory + (64 - ((uintptr_t)memory & 63u)) % 64;
  int code = tested->init(arena, tested->arena_bytes);
  code = code != 0 ? 1000 + code : 0;
  trace = (iseul_harness_trace_t){copies, n_copies, record_bytes, records, arena, tested->states};
  for (int64_t s = 0; s < n && code == 0; ++s) {
    if (!stateful) {
      tested->reset();
    }
    for (int i = 0; i < n_inputs; ++i) {
      memcpy(tested->input(i), inputs[i] + s * input_bytes[i], (size_t)input_bytes[i]);
    }
    code = tested->invoke();
    code = code != 0 ? 2000 + code : 0;
    iseul_harness_trace((int)tested->n_steps);
    for (int i = 0; i < n_outputs; ++i) {
      memcpy(outputs[i] + s * output_bytes[i], tested->output(i), (size_t)output_bytes[i]);
    }
    trace.record += record_bytes;
  }
  free(memory);
  return code;
}

// The package's own self-test: 0, 1 + index of the first differing node, -1 without memory or
// without the self-test, or 1000 + code of init.
int iseul_harness_selftest(void);

int iseul_harness_selftest(void) {
  uint8_t *memory = tested->selftest == NULL ? NULL : malloc(tested->arena_bytes + 64);
  if (memory == NULL) {
    return -1;
  }
  int code = tested->init(memory + (64 - ((uintptr_t)memory & 63u)) % 64, tested->arena_bytes);
  code = code != 0 ? 1000 + code : tested->selftest();
  free(memory);
  return code;
}
