# SPDX-License-Identifier: GPL-2.0-only
# tests/bench/x.bpf.c -> build/tests/bench/x.skel.h, for tests/bench/x.c

BENCH_BPF := $(wildcard tests/bench/*.bpf.c)
BENCH_BIN := $(filter build/tests/bench/%,$(TEST_BIN))

.SECONDARY: $(BENCH_BPF:%.c=build/%.o)
build/tests/bench/%.bpf.o: tests/bench/%.bpf.c $(wildcard uapi/*.h tests/bench/*.h)
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c $< -o $@
	$(LLVM_STRIP) -g $@

build/tests/bench/%.skel.h: build/tests/bench/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $*_bpf > $@

$(BENCH_BPF:%.bpf.c=build/%): build/tests/bench/%: build/tests/bench/%.skel.h
$(BENCH_BPF:%.bpf.c=build/%): TEST_ADD := -Ibuild/tests/bench -lbpf
