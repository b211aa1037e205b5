// SPDX-License-Identifier: Apache-2.0
// Unicorn's block hook on the host: counts each basic block that runs. Python does the same where
// no host compiler is found, about a hundred times slower.
#include "edges.h"

// Has the signature of unicorn's uc_cb_hookcode_t; `data` is an iseul_edges_t.
void iseul_record_block(void *uc, uint64_t address, uint32_t size, void *data);

void iseul_record_block(void *uc, uint64_t address, uint32_t size, void *data) {
  (void)uc;
  iseul_edges_block(data, (uint32_t)address, size);
}
