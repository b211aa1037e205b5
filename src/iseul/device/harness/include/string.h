// SPDX-License-Identifier: Apache-2.0
// The part of <string.h> that generated C may use; found only where there is no C library.
#ifndef ISEUL_FREESTANDING_STRING_H
#define ISEUL_FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int value, size_t n);

#endif
