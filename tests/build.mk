# SPDX-License-Identifier: GPL-2.0-only
# tests/SUITE/x.c -> build/tests/SUITE/x, one program per file: unit tests
# (unit_*) and helpers of the scripts. A program that needs more than its own
# file says so in tests/SUITE/build.mk:
#	build/tests/SUITE/x: TEST_ADD := tools/y.c -lmnl

TEST_SRC := $(filter-out %.bpf.c,$(wildcard tests/*/*.c))
TEST_BIN := $(TEST_SRC:%.c=build/%)
TEST_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -pthread \
	-Iuapi -Iuserlib -Ikmod -Ibpf -Itools -Itests/lib -Ibuild/bpf

.PHONY: tests
tests: $(TEST_BIN)	## test programs

# After the skeletons, which some programs include.
build/tests/%: tests/%.c | $(BPF_SKEL)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(TEST_ADD) -ldl

-include $(TEST_BIN:%=%.d)
include $(wildcard tests/*/build.mk)

# Unit tests need neither module nor kernels.
.PHONY: check-built
ifeq ($(SUITE),unit)
check-built: $(foreach t,$(TEST_BIN),$(if $(findstring /unit_,$t),$t))
else
check-built: bpf lib fsctl demo-server kmods nics tests
endif
