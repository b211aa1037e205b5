// small_net_1_golden.c: the self-test of small_net_1. Linked only where small_net_1_selftest is
// called.
//
// checks   one line per output of a step: the step's function (NULL: as in the line before), its
//          index, where the output lies in the arena, the CRC-32 of what the oracle computes;
//          exact 0 where floats depend on the order of sums, which is not compared
#include <string.h>

#include "small_net_1_private.h"

// image
ISEUL_CONSTANT static const int8_t golden_input_0[60] = {
    -77, 72, 72, -18, -3, -4, 80, 105, -11, 81, 101, 107, -36, 122, -103, 64,
    -79, 26, -57, -44, 54, 9, -109, -29, -93, -39, -13, 22, 64, 64, 3, 122,
    18, 54, -27, -59, -39, 18, -71, 67, 31, -38, 79, 123, 112, 90, -46, 127,
    8, -59, 115, -80, -97, 72, -98, 59, 103, -84, -34, -85,
};

typedef struct {
  void (*run)(small_net_1_t *m);
  int step;
  uint32_t offset, n_bytes, crc;
  int exact;
  int kept;  // 1: offset is in m->state
} check_t;

ISEUL_CONSTANT static const check_t checks[] = {
    {small_net_1_node_0, 0, 0u, 75u, 0xE1031219u, 1, 0},
    {small_net_1_node_1, 1, 0u, 75u, 0x9E75A662u, 1, 0},
    {small_net_1_node_2, 2, 76u, 3u, 0xE523DD17u, 1, 0},
    {small_net_1_node_3, 3, 0u, 3u, 0xE523DD17u, 1, 1},
    {small_net_1_node_4, 4, 0u, 3u, 0x1850EC6Au, 1, 0},
};

// What the states are after the golden input came twice: offset in m->state, bytes, CRC-32.
ISEUL_CONSTANT static const uint32_t carried[][3] = {
    {0u, 3u, 0x1E4093FEu},
};

static int carries_states(small_net_1_t *m) {
  small_net_1_reset(m);
  for (int i = 0; i < 2; ++i) {
    memcpy(m->arena + 40, golden_input_0, sizeof golden_input_0);
    if (small_net_1_invoke(m) != ISEUL_OK) {
      return 0;
    }
  }
  for (size_t i = 0; i < sizeof carried / sizeof carried[0]; ++i) {
    const uint8_t *const state = (const uint8_t *)m->state + carried[i][0];
    if (iseul_crc32(0, state, carried[i][1]) != carried[i][2]) {
      return 0;
    }
  }
  return 1;
}

int small_net_1_selftest(small_net_1_t *m) {
  if (m == NULL || m->arena == NULL) {
    return -ISEUL_E_NULL;
  }
  int result = 0;
  small_net_1_reset(m);
  memcpy(m->arena + 40, golden_input_0, sizeof golden_input_0);
  for (size_t i = 0; i < sizeof checks / sizeof checks[0] && result == 0; ++i) {
    const check_t *const c = &checks[i];
    if (c->run != NULL) {
      c->run(m);
    }
    const uint8_t *const memory = c->kept ? (const uint8_t *)m->state : m->arena;
    if (c->exact && iseul_crc32(0, memory + c->offset, c->n_bytes) != c->crc) {
      result = c->step + 1;
    }
  }
  if (result == 0 && !carries_states(m)) {
    result = SMALL_NET_1_N_STEPS + 1;
  }
  small_net_1_reset(m);
  return result;
}
