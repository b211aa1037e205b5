// SPDX-License-Identifier: Apache-2.0
// Put before each file of a traced host build: the package calls the harness after each step.
#ifndef ISEUL_HARNESS_TRACE_H
#define ISEUL_HARNESS_TRACE_H

void iseul_harness_trace(int step);
#define ISEUL_TRACE(m, i) iseul_harness_trace((int)(i))

#endif
