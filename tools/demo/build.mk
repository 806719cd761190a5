# SPDX-License-Identifier: GPL-2.0-only
# The demo server: for study and for `make bench`; it is not installed.

DEMO_SRC := $(wildcard tools/demo/*.c)
DEMO_OBJ := $(DEMO_SRC:%.c=build/%.o)

.PHONY: demo-server
demo-server: build/bin/fastsock-demo	## the demo server (build/bin/fastsock-demo)

build/tools/demo/%.o: tools/demo/%.c $(wildcard tools/demo/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -g -Wall -Wextra -Wshadow -Werror -Iuapi -c $< -o $@

build/bin/fastsock-demo: $(DEMO_OBJ)
	@mkdir -p $(@D)
	$(CC) -pthread -o $@ $(DEMO_OBJ)
