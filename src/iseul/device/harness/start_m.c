// SPDX-License-Identifier: Apache-2.0
// What a Cortex-M needs before code runs on it in QEMU, where a whole board is emulated.
//
// `iseul_harness_start` turns the FPU (and Helium) on, points the vector table at a trap, and,
// with an Armv8-M MPU, makes flash read-only and RAM not executable. The debugger calls it first.
// `fill` and the two that look for a change serve to paint memory; they need (nearly) no stack.
// Faults end in `iseul_harness_trap`, calls return to `iseul_harness_stop`: the debugger waits at
// both, so they have a page of their own (QEMU runs a page with a breakpoint slowly).
#include <stdint.h>

#define WORD(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define VTOR WORD(0xE000ED08u)
#define SHCSR WORD(0xE000ED24u)
#define CPACR WORD(0xE000ED88u)
#define MPU_CTRL WORD(0xE000ED94u)
#define MPU_RNR WORD(0xE000ED98u)
#define MPU_RBAR WORD(0xE000ED9Cu)
#define MPU_RLAR WORD(0xE000EDA0u)
#define MPU_MAIR0 WORD(0xE000EDC0u)
#define TRAP iseul_harness_trap

#define HARNESS_DATA __attribute__((section(".iseul_harness.rodata"), used))
#define HARNESS_CODE __attribute__((section(".iseul_harness.text"), used))

void iseul_harness_stop(void);
void iseul_harness_trap(void);

// Addresses of the board's memories; all 0: leave the MPU off.
void iseul_harness_start(uint32_t flash_start, uint32_t flash_end, uint32_t ram_start,
                         uint32_t ram_end);

// One page: stop at its start, trap behind it, the rest unused.
__asm__(
    ".section .iseul_harness.stop,\"ax\",%progbits\n"
    ".balign 4096\n"
    ".global iseul_harness_stop\n"
    ".type iseul_harness_stop,%function\n"
    ".thumb_func\n"
    "iseul_harness_stop: b .\n"
    ".size iseul_harness_stop,.-iseul_harness_stop\n"
    ".global iseul_harness_trap\n"
    ".type iseul_harness_trap,%function\n"
    ".thumb_func\n"
    "iseul_harness_trap: b .\n"
    ".size iseul_harness_trap,.-iseul_harness_trap\n"
    ".balign 4096\n"
    ".text\n");

// n bytes from `at` on become `value`.
void iseul_harness_fill(volatile uint8_t *at, int32_t n, int32_t value);

// Index of the first or last of n bytes that is not `value`; n or -1 if there is none.
int32_t iseul_harness_first_change(const volatile uint8_t *at, int32_t n, int32_t value);
int32_t iseul_harness_last_change(const volatile uint8_t *at, int32_t n, int32_t value);

typedef void (*vector_t)(void);
__attribute__((aligned(256))) HARNESS_DATA static const vector_t vectors[] = {
    0,    TRAP, TRAP, TRAP, TRAP, TRAP, TRAP, TRAP,  // stack, reset, NMI, faults
    TRAP, TRAP, TRAP, TRAP, TRAP, TRAP, TRAP, TRAP,  // SVCall, PendSV, SysTick
};

// rights: bits of MPU_RBAR: 2 << 1 or 3 << 1 read-only, 0 or 1 << 1 writable; 1: not executable
HARNESS_CODE static void protect(uint32_t region, uint32_t start, uint32_t end, uint32_t rights) {
  MPU_RNR = region;
  MPU_RBAR = (start & ~31u) | rights;
  MPU_RLAR = ((end - 1u) & ~31u) | 1u;
}

HARNESS_CODE void iseul_harness_start(uint32_t flash_start, uint32_t flash_end,
                                      uint32_t ram_start, uint32_t ram_end) {
  VTOR = (uint32_t)(uintptr_t)vectors;
  SHCSR |= 0xF0000u;  // MemManage, BusFault, UsageFault, SecureFault
  CPACR |= 0xFu << 20;
  if (flash_end != 0) {
    MPU_MAIR0 = 0x44u;  // normal memory, not cached
    protect(0, flash_start, flash_end, 3u << 1);
    protect(1, ram_start, ram_end, 1u << 1 | 1u);
    MPU_CTRL = 3u;  // on, also in handlers of hard faults; no background region
  }
  __asm volatile("dsb\n isb" ::: "memory");
}

HARNESS_CODE void iseul_harness_fill(volatile uint8_t *at, int32_t n, int32_t value) {
  for (int32_t i = 0; i < n; ++i) {
    at[i] = (uint8_t)value;
  }
}

HARNESS_CODE int32_t iseul_harness_first_change(const volatile uint8_t *at, int32_t n,
                                                int32_t value) {
  int32_t i = 0;
  while (i < n && at[i] == value) {
    ++i;
  }
  return i;
}

HARNESS_CODE int32_t iseul_harness_last_change(const volatile uint8_t *at, int32_t n,
                                               int32_t value) {
  int32_t i = n - 1;
  while (i >= 0 && at[i] == value) {
    --i;
  }
  return i;
}
