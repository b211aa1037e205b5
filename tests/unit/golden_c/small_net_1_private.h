// small_net_1: what the files of this model share; applications include small_net_1.h.
#ifndef ISEUL_MODEL_SMALL_NET_1_PRIVATE_H
#define ISEUL_MODEL_SMALL_NET_1_PRIVATE_H

#include "small_net_1.h"
#include "iseul_binary.h"
#include "iseul_dsp.h"
#include "iseul_softmax.h"
#include "iseul_weighted.h"

extern const int8_t small_net_1_conv_1_weights[90];
extern const int32_t small_net_1_conv_1_bias[5];
extern const int32_t small_net_1_conv_1_multiplier[5];
extern const int8_t small_net_1_conv_1_shift[5];
extern const int32_t small_net_1_add_size[2];
extern const int32_t small_net_1_add_step[4];
extern const int8_t small_net_1_offset_data[5];
extern const int8_t small_net_1_classes_weights[225];
extern const int32_t small_net_1_classes_bias[3];
extern const int32_t small_net_1_classes_multiplier[1];
extern const int8_t small_net_1_classes_shift[1];
extern const int32_t small_net_1_softmax_exponentials[256];
extern const int8_t small_net_1_last_initial[3];

void small_net_1_node_0(small_net_1_t *m);
void small_net_1_node_1(small_net_1_t *m);
void small_net_1_node_2(small_net_1_t *m);
void small_net_1_node_3(small_net_1_t *m);
void small_net_1_node_4(small_net_1_t *m);

#endif
