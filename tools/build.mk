# SPDX-License-Identifier: GPL-2.0-only
# fsctl, its manual page.

FSCTL_SRC := $(wildcard tools/*.c)
FSCTL_OBJ := $(FSCTL_SRC:%.c=build/%.o)
FSCTL_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Wshadow -Werror -Iuapi -Ibuild/bpf \
	-DFASTSOCK_LIBDIR='"$(libdir)"'
FSCTL_LIBS := -lbpf -lmnl -ljson-c

.PHONY: fsctl install-fsctl uninstall-fsctl
fsctl: build/bin/fsctl	## the command-line tool

build/tools/%.o: tools/%.c $(wildcard tools/*.h uapi/*.h) build/bpf/select.skel.h
	@mkdir -p $(@D)
	$(CC) $(FSCTL_CFLAGS) -c $< -o $@

build/bin/fsctl: $(FSCTL_OBJ)
	@mkdir -p $(@D)
	$(CC) -o $@ $(FSCTL_OBJ) $(FSCTL_LIBS)

install-fsctl: build/bin/fsctl
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(mandir)/man8
	install -m 755 build/bin/fsctl $(DESTDIR)$(sbindir)/
	install -m 644 tools/fsctl.8 $(DESTDIR)$(mandir)/man8/

uninstall-fsctl:
	rm -f $(DESTDIR)$(sbindir)/fsctl $(DESTDIR)$(mandir)/man8/fsctl.8
