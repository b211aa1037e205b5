// SPDX-License-Identifier: Apache-2.0
// What the host's harness knows of the model under test. host_model.c, which is compiled for each
// model, fills it in, so that host.c is compiled once for all of them.
#ifndef ISEUL_HARNESS_HOST_H
#define ISEUL_HARNESS_HOST_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  size_t arena_bytes;
  int64_t n_steps;
  const uint8_t *states;  // those in the model; NULL if it has none
  int (*init)(void *arena, size_t arena_bytes);
  void (*reset)(void);
  void *(*input)(int i);
  int (*invoke)(void);
  const void *(*output)(int i);
  int (*selftest)(void);  // NULL if the build left it out
} iseul_harness_model_t;

extern const iseul_harness_model_t iseul_harness_model;

#endif
