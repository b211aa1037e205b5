// SPDX-License-Identifier: Apache-2.0
// QEMU's plugin: counts each translated block that runs, in a file that Python maps too.
//
// A block's size is told in instructions: the bytes that QEMU tells are wrong at the end of a page,
// where its translator looks ahead (seen with 7.2).
// Argument: counter=PATH of the table (edges.h). Only functions that QEMU has had since its first
// plugin interface are used, declared here because its header does not come with the program.
// -DISEUL_PLUGIN_VERSION=n says for which version of that interface the plugin is built. They are
// weak, so that linkers which demand that all symbols are defined let them be.
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "edges.h"

#define EXPORTED __attribute__((visibility("default")))

typedef uint64_t plugin_id_t;
struct qemu_info_t;
struct qemu_plugin_tb;

typedef void (*on_translation_t)(plugin_id_t id, struct qemu_plugin_tb *block);
typedef void (*on_execution_t)(unsigned int cpu, void *data);

#pragma weak qemu_plugin_register_vcpu_tb_trans_cb
#pragma weak qemu_plugin_register_vcpu_tb_exec_cb
#pragma weak qemu_plugin_tb_n_insns
#pragma weak qemu_plugin_tb_vaddr
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id_t id, on_translation_t act);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, on_execution_t act,
                                          int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);

EXPORTED extern int qemu_plugin_version;
EXPORTED int qemu_plugin_version = ISEUL_PLUGIN_VERSION;
EXPORTED int qemu_plugin_install(plugin_id_t id, const struct qemu_info_t *info, int argc,
                                 char **argv);

// A translated block; as many as the program has, kept until QEMU ends.
typedef struct {
  uint32_t address;
  uint32_t n_instructions;
} block_t;

static iseul_edges_t *counter;

static void run_block(unsigned int cpu, void *data) {
  const block_t *block = data;
  (void)cpu;
  iseul_edges_block(counter, block->address, block->n_instructions);
}

static void translate_block(plugin_id_t id, struct qemu_plugin_tb *tb) {
  block_t *block = malloc(sizeof *block);
  (void)id;
  if (block == NULL) {
    abort();
  }
  *block = (block_t){(uint32_t)qemu_plugin_tb_vaddr(tb), (uint32_t)qemu_plugin_tb_n_insns(tb)};
  qemu_plugin_register_vcpu_tb_exec_cb(tb, run_block, 0, block);
}

int qemu_plugin_install(plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv) {
  struct stat about;
  (void)info;
  if (argc != 1 || strncmp(argv[0], "counter=", 8) != 0) {
    return -1;
  }
  const int file = open(argv[0] + 8, O_RDWR);
  if (file < 0 || fstat(file, &about) != 0) {
    return -1;
  }
  counter = mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (counter == MAP_FAILED) {
    return -1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate_block);
  return 0;
}
