# SPDX-License-Identifier: GPL-2.0-only
XDP_TOOL := tools/xdp.c tools/steering_program.c tools/redirect.c tools/uppers.c tools/netlink.c tools/netns.c
build/tests/xdp/steer: TEST_ADD := $(XDP_TOOL) -lbpf -lmnl
build/tests/xdp/steer: $(XDP_TOOL) build/bpf/steer.skel.h
build/tests/xdp/packets: TEST_ADD := -lbpf
