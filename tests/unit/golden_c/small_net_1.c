// small_net_1.c: model "Small net 1".
//
//   step  node     op               output   kernel                    MACs
//      0  conv/1   conv2d           1x3x5x5  iseul_conv2d_s8           1,350
//      1  add      add              1x3x5x5  iseul_add_s8                  0
//      2  classes  fully_connected  1x3      iseul_fully_connected_s8    225
//      3  sum      add              1x3      iseul_add_linear_s8           0
//      4  softmax  softmax          1x3      iseul_softmax_s8              0
//
// Arena: 100 bytes (lower bound 99).
//
//   offset  bytes  steps  buffer
//        0     75  0-1    conv/1
//       40     60  0-0    image
//        0     75  1-2    add
//       76      3  2-3    classes
//        0      3  4-4    softmax
#include <string.h>

#include "small_net_1_private.h"

// 0 "conv/1": conv2d
// image int8 1x6x5x2 + conv/w int8 5x3x3x2 + conv/b int32 5 -> conv/1 int8 1x3x5x5
// stride 2x1, dilation 1x1, pads 1x1x1x1, activation relu, requantization fixed_point,
// input_quantization none
ISEUL_NOINLINE void small_net_1_node_0(small_net_1_t *m) {
  ISEUL_CONSTANT static const iseul_conv_s8_t p = {
      .window = {.batch = 1, .in_h = 6, .in_w = 5, .in_c = 2, .out_h = 3, .out_w = 5, .out_c = 5,
          .kernel_h = 3, .kernel_w = 3, .stride_h = 2, .stride_w = 1, .dilation_h = 1,
          .dilation_w = 1, .pad_top = 1, .pad_left = 1},
      .weights = small_net_1_conv_1_weights,
      .bias = small_net_1_conv_1_bias,
      .in_zero_point = -128,
      .output = {.multiplier = small_net_1_conv_1_multiplier, .shift = small_net_1_conv_1_shift,
          .step = 1, .zero_point = -128, .low = -128, .high = 127},
  };
  iseul_conv2d_s8(&p, ISEUL_AT(const int8_t, m->arena, 40), ISEUL_AT(int8_t, m->arena, 0));
}

// 1 "add": add
// conv/1 int8 1x3x5x5 + offset int8 5 -> add int8 1x3x5x5
// activation none, requantization fixed_point, offset 0
ISEUL_NOINLINE void small_net_1_node_1(small_net_1_t *m) {
  ISEUL_CONSTANT static const iseul_aligned_t p = {
      .shape = {.n_axes = 2, .size = small_net_1_add_size, .step = small_net_1_add_step},
      .left_shift = 20,
      .a_zero_point = -128,
      .a_multiplier = 1073741824,
      .a_shift = 0,
      .b_zero_point = 3,
      .b_multiplier = 1073741824,
      .b_shift = -3,
      .b_sign = 1,
      .multiplier = 1431655765,
      .shift = -17,
      .zero_point = -5,
      .low = -128,
      .high = 127,
  };
  iseul_add_s8(&p, ISEUL_AT(const int8_t, m->arena, 0), small_net_1_offset_data,
      ISEUL_AT(int8_t, m->arena, 0));
}

// 2 "classes": fully_connected
// reshape int8 1x75 + fc/w int8 3x75 -> classes int8 1x3
// activation none, requantization fixed_point, input_quantization none, keep_dims False
ISEUL_NOINLINE void small_net_1_node_2(small_net_1_t *m) {
  ISEUL_CONSTANT static const iseul_fully_connected_s8_t p = {
      .rows = 1,
      .in_size = 75,
      .out_size = 3,
      .weights = small_net_1_classes_weights,
      .bias = small_net_1_classes_bias,
      .in_zero_point = -5,
      .output = {.multiplier = small_net_1_classes_multiplier, .shift = small_net_1_classes_shift,
          .step = 0, .zero_point = 4, .low = -128, .high = 127},
  };
  iseul_fully_connected_s8(&p, ISEUL_AT(const int8_t, m->arena, 0), ISEUL_AT(int8_t, m->arena, 76));
}

// 3 "sum": add
// classes int8 1x3 + last int8 1x3 -> sum int8 1x3
// activation none, requantization fixed_point, offset 0
ISEUL_NOINLINE void small_net_1_node_3(small_net_1_t *m) {
  ISEUL_CONSTANT static const iseul_linear_t p = {
      .n = 3,
      .a_factor = 4194304,
      .b_factor = 4194304,
      .constant = -14680065,
      .shift = 22,
      .low = -128,
      .high = 127,
  };
  iseul_add_linear_s8(&p, ISEUL_AT(const int8_t, m->arena, 76),
      ISEUL_AT(const int8_t, (uint8_t *)m->state, 0), ISEUL_AT(int8_t, (uint8_t *)m->state, 0));
}

// 4 "softmax": softmax
// sum int8 1x3 -> softmax int8 1x3
// beta 1.0, requantization fixed_point
ISEUL_NOINLINE void small_net_1_node_4(small_net_1_t *m) {
  ISEUL_CONSTANT static const iseul_softmax_s8_t p = {
      .rows = 1,
      .size = 3,
      .exponentials = small_net_1_softmax_exponentials,
  };
  iseul_softmax_s8(&p, ISEUL_AT(const int8_t, (uint8_t *)m->state, 0),
      ISEUL_AT(int8_t, m->arena, 0));
}

int small_net_1_init(small_net_1_t *m, void *arena, size_t arena_bytes) {
  if (m == NULL) {
    return ISEUL_E_NULL;
  }
  m->arena = NULL;
  if (arena == NULL) {
    return ISEUL_E_NULL;
  }
  if (arena_bytes < SMALL_NET_1_ARENA_BYTES) {
    return ISEUL_E_SIZE;
  }
  if ((uintptr_t)arena % SMALL_NET_1_ARENA_ALIGN != 0) {
    return ISEUL_E_ALIGN;
  }
  m->arena = arena;
  small_net_1_reset(m);
  return ISEUL_OK;
}

void small_net_1_reset(small_net_1_t *m) {
  uint8_t *const state = (uint8_t *)m->state;
  memcpy(state + 0, small_net_1_last_initial, 3);
}

int8_t *small_net_1_input(small_net_1_t *m, int i) {
  if (m == NULL || m->arena == NULL) {
    return NULL;
  }
  switch (i) {
    case 0:  // image
      return ISEUL_AT(int8_t, m->arena, 40);
    default:
      return NULL;
  }
}

const int8_t *small_net_1_output(const small_net_1_t *m, int i) {
  if (m == NULL || m->arena == NULL) {
    return NULL;
  }
  switch (i) {
    case 0:  // softmax
      return ISEUL_AT(const int8_t, m->arena, 0);
    default:
      return NULL;
  }
}

int small_net_1_invoke(small_net_1_t *m) {
  if (m == NULL || m->arena == NULL) {
    return ISEUL_E_NULL;
  }
  small_net_1_node_0(m);
  ISEUL_TRACE(m, 0);
  small_net_1_node_1(m);
  ISEUL_TRACE(m, 1);
  small_net_1_node_2(m);
  ISEUL_TRACE(m, 2);
  small_net_1_node_3(m);
  ISEUL_TRACE(m, 3);
  small_net_1_node_4(m);
  ISEUL_TRACE(m, 4);
  return ISEUL_OK;
}
