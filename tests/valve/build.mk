# SPDX-License-Identifier: GPL-2.0-only
build/tests/valve/verified: TEST_ADD := -lbpf

.PHONY: check-valve
check-valve:	## never worse than a shared listener? 15 rounds, for a quiet machine
	tests/setup.sh
	+@$(MAKE) --no-print-directory check-built
	FS_ROOT=$(CURDIR) FS_BUILD=$(CURDIR)/build ROUNDS=15 SECONDS_EACH=2 \
		bash tests/valve/host_valve.sh
