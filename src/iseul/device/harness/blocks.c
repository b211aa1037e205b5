// SPDX-License-Identifier: Apache-2.0
// The emulator's block hook on the host: writes down each basic block that runs. Python does the
// same where no host compiler is found, about twenty times slower.
#include <stdint.h>

// full: called when n reaches capacity; it must take what is there and set n to 0
typedef struct {
  uint32_t *addresses;
  uint32_t *sizes;
  int64_t n;
  int64_t capacity;
  void (*full)(void);
} iseul_blocks_t;

// Has the signature of unicorn's uc_cb_hookcode_t; `data` is an iseul_blocks_t.
void iseul_record_block(void *uc, uint64_t address, uint32_t size, void *data);

void iseul_record_block(void *uc, uint64_t address, uint32_t size, void *data) {
  iseul_blocks_t *blocks = data;
  (void)uc;
  blocks->addresses[blocks->n] = (uint32_t)address;
  blocks->sizes[blocks->n] = size;
  if (++blocks->n == blocks->capacity) {
    blocks->full();
  }
}
