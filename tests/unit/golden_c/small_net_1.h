// small_net_1: model "Small net 1" for nucleo-l4r5zi, made by Iseul.
//
//   static small_net_1_t model;
//   static uint32_t arena[(SMALL_NET_1_ARENA_BYTES + 3) / 4];
//   small_net_1_init(&model, arena, sizeof arena);
//   ... write small_net_1_input(&model, 0) ...
//   small_net_1_invoke(&model);
//   ... read small_net_1_output(&model, 0) ...
//
// Build: cc -std=c99 -O2 -c *.c, all files of this folder; no heap, no libc but memcpy and memset.
// The linker drops small_net_1_selftest and its vectors where they are not called
// (-ffunction-sections -fdata-sections, -Wl,--gc-sections). Files and names of several models do
// not clash.
#ifndef ISEUL_MODEL_SMALL_NET_1_H
#define ISEUL_MODEL_SMALL_NET_1_H

#include <stddef.h>
#include <stdint.h>

#include "iseul.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SMALL_NET_1_ARENA_BYTES 100
#define SMALL_NET_1_ARENA_ALIGN 4
#define SMALL_NET_1_STATE_BYTES 8
#define SMALL_NET_1_N_STEPS 5

#define SMALL_NET_1_N_INPUTS 1
#define SMALL_NET_1_INPUT_BYTES SMALL_NET_1_INPUT_0_BYTES
// 0: image, int8 1x6x5x2
#define SMALL_NET_1_INPUT_0_BYTES 60
#define SMALL_NET_1_INPUT_0_SCALE 0.003921569f
#define SMALL_NET_1_INPUT_0_ZERO_POINT (-128)

#define SMALL_NET_1_N_OUTPUTS 1
#define SMALL_NET_1_OUTPUT_BYTES SMALL_NET_1_OUTPUT_0_BYTES
// 0: softmax, int8 1x3
#define SMALL_NET_1_OUTPUT_0_BYTES 3
#define SMALL_NET_1_OUTPUT_0_SCALE 0.00390625f
#define SMALL_NET_1_OUTPUT_0_ZERO_POINT (-128)

// A model in use. Several may share the tables; each needs an arena of its own while it runs.
typedef struct {
  uint8_t *arena;
  uint64_t state[SMALL_NET_1_STATE_BYTES / 8];
} small_net_1_t;

// 0, or an ISEUL_E_* code. arena: SMALL_NET_1_ARENA_BYTES at an address that is a multiple of
// SMALL_NET_1_ARENA_ALIGN; it may be used for other things between invokes, states are not in it.
int small_net_1_init(small_net_1_t *m, void *arena, size_t arena_bytes);

// Where input i is written before each invoke; NULL if there is no such input. Its memory is
// used again during the invoke.
int8_t *small_net_1_input(small_net_1_t *m, int i);

// One inference: 0, or an ISEUL_E_* code.
int small_net_1_invoke(small_net_1_t *m);

// Output i, valid until the next invoke; NULL if there is no such output.
const int8_t *small_net_1_output(const small_net_1_t *m, int i);

// Runs the golden input and compares every step with the oracle: 0, 1 + index of the first step
// that differs, 1 + the number of steps if only the states after two invokes do, or
// -ISEUL_E_NULL. Resets the state; overwrites inputs and outputs.
int small_net_1_selftest(small_net_1_t *m);

// State back to its start; init does it too.
void small_net_1_reset(small_net_1_t *m);

#ifdef __cplusplus
}
#endif

#endif
