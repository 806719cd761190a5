# SPDX-License-Identifier: GPL-2.0-only

# Of adopt's server, but something can be preloaded into it.
tests: build/tests/listen/datagrams
build/tests/listen/datagrams: tests/adopt/server.c
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -o $@ $<

.PHONY: check-loss
check-loss:	## what is lost in 200 reloads and kills, stock beside it; takes an hour
	tests/setup.sh
	+@$(MAKE) --no-print-directory check-built
	tests/listen/check_loss.sh $(KERNELS)
