# SPDX-License-Identifier: GPL-2.0-only
build/tests/rfd/entry: TEST_ADD := tools/netns.c tools/pins.c tools/ports.c tools/rfd.c -lbpf
build/tests/rfd/entry: $(wildcard tools/*.[ch] uapi/*.h)
build/tests/rfd/unit_device: TEST_ADD := tools/affinity.c tools/device.c tools/ethtool.c \
	tools/expect.c tools/queues.c
build/tests/rfd/unit_device: $(wildcard tools/*.[ch] uapi/*.h)
