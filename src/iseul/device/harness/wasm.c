// SPDX-License-Identifier: Apache-2.0
// Harness in a WebAssembly module: the model's memory, and its API without pointers to a model.
//
// The runner writes inputs to and reads outputs from the module's memory. A traced build calls
// the runner after each step (trace_wasm.h).
#include <stddef.h>
#include <stdint.h>

#include "names.h"

#define EXPORT(name) __attribute__((export_name(#name)))

static FN(t) model;
static uint8_t arena[SIZE(ARENA_BYTES)] __attribute__((aligned(16)));

EXPORT(init) int iseul_harness_init(void);
int iseul_harness_init(void) { return FN(init)(&model, arena, sizeof arena); }

EXPORT(reset) void iseul_harness_reset(void);
void iseul_harness_reset(void) { FN(reset)(&model); }

EXPORT(invoke) int iseul_harness_invoke(void);
int iseul_harness_invoke(void) { return FN(invoke)(&model); }

EXPORT(input) void *iseul_harness_input(int i);
void *iseul_harness_input(int i) { return (void *)FN(input)(&model, i); }

EXPORT(output) const void *iseul_harness_output(int i);
const void *iseul_harness_output(int i) { return (const void *)FN(output)(&model, i); }

EXPORT(arena) const void *iseul_harness_arena(void);
const void *iseul_harness_arena(void) { return arena; }

EXPORT(states) const void *iseul_harness_states(void);
const void *iseul_harness_states(void) {
#if SIZE(STATE_BYTES) > 0
  return model.state;
#else
  return NULL;
#endif
}

#ifdef ISEUL_HARNESS_SELFTEST
EXPORT(selftest) int iseul_harness_selftest(void);
int iseul_harness_selftest(void) { return FN(selftest)(&model); }
#endif
