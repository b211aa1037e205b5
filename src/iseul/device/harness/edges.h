// SPDX-License-Identifier: Apache-2.0
// Counts the jumps between the basic blocks that an emulator runs, per step of the model.
//
// An edge says how often a block ran in a step and which block ran before it, so Python can tell
// instructions per step and whether a branch was taken. The table lies in memory that Python
// made: `iseul_edges_t`, then the entries of the steps, then the edges. Both emulators use it.
#ifndef ISEUL_HARNESS_EDGES_H
#define ISEUL_HARNESS_EDGES_H

#include <stdint.h>

enum { ISEUL_EDGES_OK = 0, ISEUL_EDGES_ORDER = 1, ISEUL_EDGES_FULL = 2 };
enum { ISEUL_EDGES_OUTSIDE = -1 };

typedef struct {
  uint64_t times;  // 0: the place is free
  int32_t step;    // index of the step, or ISEUL_EDGES_OUTSIDE
  uint32_t before;
  uint32_t before_size;  // 0 for the first block of all
  uint32_t block;
  uint32_t block_size;  // in the unit of the emulator
  uint32_t unused;
} iseul_edge_t;

typedef struct {
  uint64_t capacity;  // places for edges, a power of two
  uint64_t n;         // places taken
  uint64_t edges_at;  // bytes from here to the edges
  uint32_t n_entries;
  uint32_t invoke_start;  // the function that calls the steps
  uint32_t invoke_end;
  uint32_t active;  // 0: nothing is counted
  int32_t error;
  int32_t step;      // where the program is
  uint32_t entered;  // steps so far
  uint32_t before;
  uint32_t before_size;
  uint32_t unused;
  uint32_t entries[];  // address of each step's function, in the order of their calls
} iseul_edges_t;

static inline int iseul_edges_in_invoke(const iseul_edges_t *m, uint32_t address) {
  return address >= m->invoke_start && address < m->invoke_end;
}

// The step that a block belongs to: what `invoke` called last, until it runs again itself.
static inline void iseul_edges_follow(iseul_edges_t *m, uint32_t address) {
  if (iseul_edges_in_invoke(m, address)) {
    m->step = ISEUL_EDGES_OUTSIDE;
    return;
  }
  if (!iseul_edges_in_invoke(m, m->before)) {
    return;  // a loop back to a function's first instruction is no call
  }
  if (m->entered < m->n_entries && m->entries[m->entered] == address) {
    m->step = (int32_t)m->entered++;
    return;
  }
  for (uint32_t i = 0; i < m->n_entries; ++i) {
    if (m->entries[i] == address) {
      m->error = ISEUL_EDGES_ORDER;
    }
  }
}

static inline void iseul_edges_block(iseul_edges_t *m, uint32_t address, uint32_t size) {
  if (!m->active) {
    return;
  }
  iseul_edges_follow(m, address);
  iseul_edge_t *edges = (iseul_edge_t *)(void *)((unsigned char *)m + m->edges_at);
  const uint64_t mixed = ((uint64_t)m->before << 32 ^ address) + (uint32_t)m->step;
  uint64_t i = (mixed * UINT64_C(0x9E3779B97F4A7C15)) >> 32 & (m->capacity - 1);
  for (;; i = (i + 1) & (m->capacity - 1)) {
    iseul_edge_t *e = &edges[i];
    if (e->times == 0) {
      if (m->n >= m->capacity / 2) {
        m->error = ISEUL_EDGES_FULL;
        break;
      }
      ++m->n;
      *e = (iseul_edge_t){1, m->step, m->before, m->before_size, address, size, 0};
      break;
    }
    if (e->block == address && e->before == m->before && e->step == m->step &&
        e->block_size == size && e->before_size == m->before_size) {
      ++e->times;
      break;
    }
  }
  m->before = address;
  m->before_size = size;
}

#endif
