// SPDX-License-Identifier: Apache-2.0
// memcpy and memset for images without a C library: the only two that generated C may call.
//
// Words of 4 bytes where both pointers allow it, four at a time as C libraries for these cores
// do, bytes otherwise. Compilers like to turn such
// loops back into calls of memcpy; the attribute below forbids it.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__clang__)
#define ISEUL_NO_IDIOM __attribute__((no_builtin("memcpy", "memset")))
#else
#define ISEUL_NO_IDIOM __attribute__((optimize("no-tree-loop-distribute-patterns")))
#endif

typedef uint32_t __attribute__((may_alias)) word_t;

ISEUL_NO_IDIOM void *memcpy(void *restrict to, const void *restrict from, size_t n) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if ((((uintptr_t)out | (uintptr_t)in) & 3u) == 0) {
    for (; n >= 16; n -= 16, out += 16, in += 16) {
      const word_t *const four = (const word_t *)(const void *)in;
      const word_t w0 = four[0], w1 = four[1], w2 = four[2], w3 = four[3];
      word_t *const there = (word_t *)(void *)out;
      there[0] = w0;
      there[1] = w1;
      there[2] = w2;
      there[3] = w3;
    }
    for (; n >= 4; n -= 4, out += 4, in += 4) {
      *(word_t *)(void *)out = *(const word_t *)(const void *)in;
    }
  }
  for (; n > 0; --n) {
    *out++ = *in++;
  }
  return to;
}

ISEUL_NO_IDIOM void *memset(void *to, int value, size_t n) {
  uint8_t *out = to;
  const uint8_t byte = (uint8_t)value;
  const uint32_t word = byte * UINT32_C(0x01010101);
  for (; n > 0 && ((uintptr_t)out & 3u) != 0; --n) {
    *out++ = byte;
  }
  for (; n >= 4; n -= 4, out += 4) {
    *(word_t *)(void *)out = word;
  }
  for (; n > 0; --n) {
    *out++ = byte;
  }
  return to;
}
