# SPDX-License-Identifier: GPL-2.0-only
build/tests/observe/observe: TEST_ADD := -lbpf
