// SPDX-License-Identifier: Apache-2.0
// Harness on the emulated chip: the model's memory, and a table that keeps its API linked.
//
// There is no startup code and no main: the runner loads the image, sets PC, SP and LR, and
// calls the API itself. All of this file goes to sections of its own, so that sizes of the
// image can be told without it. The guard behind the arena shows writes past its end.
#include <stddef.h>
#include <stdint.h>

#include "names.h"

#define GUARD_BYTES 256
#define HARNESS_DATA __attribute__((section(".iseul_harness.rodata"), used))
#define HARNESS_BSS __attribute__((section(".bss.iseul_harness"), used, aligned(16)))

HARNESS_BSS FN(t) iseul_harness_model;
HARNESS_BSS uint8_t iseul_harness_arena[SIZE(ARENA_BYTES) + GUARD_BYTES];

typedef void (*function_t)(void);

HARNESS_DATA const function_t iseul_harness_api[] = {
    (function_t)FN(init),   (function_t)FN(input), (function_t)FN(invoke),
    (function_t)FN(output), (function_t)FN(reset),
#ifdef ISEUL_HARNESS_SELFTEST
    (function_t)FN(selftest),
#endif
};

HARNESS_DATA const uint32_t iseul_harness_sizes[] = {
    (uint32_t)sizeof(FN(t)),
    (uint32_t)SIZE(ARENA_BYTES),
    (uint32_t)SIZE(STATE_BYTES),
    GUARD_BYTES,
};
