# SPDX-License-Identifier: GPL-2.0-only
# x.bpf.c -> build/bpf/x.bpf.o and build/bpf/x.skel.h

BPF_SRC := $(wildcard bpf/*.bpf.c)
BPF_OBJ := $(BPF_SRC:%.bpf.c=build/%.bpf.o)
BPF_SKEL := $(BPF_SRC:%.bpf.c=build/%.skel.h)

CLANG ?= clang
LLVM_STRIP ?= llvm-strip
BPFTOOL ?= bpftool

# Debian keeps asm/ in a directory of the host's architecture, which clang does
# not search when it compiles for the bpf target.
MULTIARCH := $(shell $(CC) -print-multiarch)
BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -Wall -Wextra -Werror -Iuapi -Ibpf \
	-idirafter /usr/include/$(MULTIARCH)

.PHONY: bpf
.SECONDARY: $(BPF_OBJ)
bpf: $(BPF_SKEL)	## BPF objects and their skeletons

build/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard uapi/*.h bpf/*.h)
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c $< -o $@
	$(LLVM_STRIP) -g $@

build/bpf/%.skel.h: build/bpf/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $*_bpf > $@
