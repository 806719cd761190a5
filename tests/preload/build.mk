# SPDX-License-Identifier: GPL-2.0-only
# The C cases once more, as programs of musl.

MUSL_CASES := $(patsubst %.c,build/musl/%,$(filter-out %/early.c,$(wildcard tests/preload/*.c)))

build/musl/tests/preload/%: tests/preload/%.c tests/preload/case.h | $(MUSL_INCLUDE)
	@mkdir -p $(@D)
	$(MUSL_CC) $(filter-out -I%,$(TEST_CFLAGS)) -isystem $(MUSL_INCLUDE) -o $@ $<

tests: lib-musl $(MUSL_CASES)

tests: build/tests/preload/early.so
build/tests/preload/early.so: tests/preload/early.c
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -shared -fPIC -o $@ $<
