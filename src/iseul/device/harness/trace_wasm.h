// SPDX-License-Identifier: Apache-2.0
// Put before each file of a traced WebAssembly build: the package calls the runner after each
// step.
#ifndef ISEUL_HARNESS_TRACE_WASM_H
#define ISEUL_HARNESS_TRACE_WASM_H

__attribute__((import_module("iseul"), import_name("trace"))) void iseul_harness_trace(int step);
#define ISEUL_TRACE(m, i) iseul_harness_trace((int)(i))

#endif
