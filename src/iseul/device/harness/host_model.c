// SPDX-License-Identifier: Apache-2.0
// The model under test, as host.c calls it.
#include "host.h"
#include "names.h"

static FN(t) model;

static int init(void *arena, size_t arena_bytes) { return FN(init)(&model, arena, arena_bytes); }
static void reset(void) { FN(reset)(&model); }
static void *input(int i) { return (void *)FN(input)(&model, i); }
static int invoke(void) { return FN(invoke)(&model); }
static const void *output(int i) { return (const void *)FN(output)(&model, i); }

#ifdef ISEUL_HARNESS_SELFTEST
static int selftest(void) { return FN(selftest)(&model); }
#endif

const iseul_harness_model_t iseul_harness_model = {
    .arena_bytes = SIZE(ARENA_BYTES),
    .n_steps = SIZE(N_STEPS),
#if SIZE(STATE_BYTES) > 0
    .states = (const uint8_t *)model.state,
#endif
    .init = init,
    .reset = reset,
    .input = input,
    .invoke = invoke,
    .output = output,
#ifdef ISEUL_HARNESS_SELFTEST
    .selftest = selftest,
#endif
};
