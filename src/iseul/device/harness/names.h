// SPDX-License-Identifier: Apache-2.0
// Names of the model under test, from -DISEUL_MODEL=<name> -DISEUL_MODEL_UPPER=<NAME>
// -DISEUL_MODEL_H="<name>.h": FN(init) is <name>_init, SIZE(ARENA_BYTES) is <NAME>_ARENA_BYTES.
#ifndef ISEUL_HARNESS_NAMES_H
#define ISEUL_HARNESS_NAMES_H

#include ISEUL_MODEL_H

#define ISEUL_JOIN_(a, b) a##_##b
#define ISEUL_JOIN(a, b) ISEUL_JOIN_(a, b)
#define FN(name) ISEUL_JOIN(ISEUL_MODEL, name)
#define SIZE(name) ISEUL_JOIN(ISEUL_MODEL_UPPER, name)

#endif
