# SPDX-License-Identifier: GPL-2.0-only
# libfastsock.so: to preload, or to link with -lfastsock ahead of libc.

LIB_SRC := $(wildcard userlib/*.c)
LIB_OBJ := $(LIB_SRC:%.c=build/%.o)
LIB_CFLAGS := -std=gnu11 -O2 -g -fPIC -fvisibility=hidden -ftls-model=initial-exec \
	-Wall -Wextra -Wshadow -Wmissing-prototypes -Werror -Iuapi
LIB_LDFLAGS := -shared -Wl,-soname,libfastsock.so.0 -Wl,-z,now,-z,relro,-z,nodelete,-z,defs \
	-Wl,--version-script=userlib/libfastsock.map

.PHONY: lib install-lib uninstall-lib
lib: build/lib/libfastsock.so	## the library

build/userlib/%.o: userlib/%.c $(wildcard userlib/*.h uapi/*.h)
	@mkdir -p $(@D)
	$(CC) $(LIB_CFLAGS) -c $< -o $@

build/lib/libfastsock.so.0: $(LIB_OBJ) userlib/libfastsock.map
	@mkdir -p $(@D)
	$(CC) $(LIB_LDFLAGS) -o $@ $(LIB_OBJ) -lpthread -ldl

build/lib/libfastsock.so: build/lib/libfastsock.so.0
	ln -sf libfastsock.so.0 $@

# The same for programs of musl; it needs the kernel's headers beside musl's.
MUSL_CC ?= musl-gcc
MUSL_OBJ := $(LIB_SRC:%.c=build/musl/%.o)
MUSL_INCLUDE := build/musl/include
KERNEL_INCLUDE := /usr/include

$(MUSL_INCLUDE):
	@mkdir -p $@
	ln -sfn $(KERNEL_INCLUDE)/linux $(KERNEL_INCLUDE)/asm-generic $@/
	ln -sfn $(firstword $(wildcard $(KERNEL_INCLUDE)/asm $(KERNEL_INCLUDE)/x86_64-linux-gnu/asm)) $@/asm

.PHONY: lib-musl
lib-musl: build/musl/libfastsock.so	## the library for musl, MUSL_CC=musl-gcc

build/musl/userlib/%.o: userlib/%.c $(wildcard userlib/*.h uapi/*.h) | $(MUSL_INCLUDE)
	@mkdir -p $(@D)
	$(MUSL_CC) $(LIB_CFLAGS) -isystem $(MUSL_INCLUDE) -c $< -o $@

build/musl/libfastsock.so: $(MUSL_OBJ) userlib/libfastsock.map
	$(MUSL_CC) $(LIB_LDFLAGS) -o $@ $(MUSL_OBJ)

install-lib: build/lib/libfastsock.so
	install -d $(DESTDIR)$(libdir)
	install -m 755 build/lib/libfastsock.so.0 $(DESTDIR)$(libdir)/
	ln -sf libfastsock.so.0 $(DESTDIR)$(libdir)/libfastsock.so

uninstall-lib:
	rm -f $(DESTDIR)$(libdir)/libfastsock.so $(DESTDIR)$(libdir)/libfastsock.so.0
