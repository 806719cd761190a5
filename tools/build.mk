# SPDX-License-Identifier: GPL-2.0-only
# fsctl, its manual page and completion.

FSCTL_SRC := $(wildcard tools/*.c)
FSCTL_OBJ := $(FSCTL_SRC:%.c=build/%.o)
FSCTL_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Wshadow -Werror -Iuapi -Ibpf -Ibuild/bpf \
	-iquote userlib \
	-DFASTSOCK_LIBDIR='"$(libdir)"'
FSCTL_LIBS := -lbpf -lmnl -ljson-c -lm
FSCTL_COMPLETIONS := $(prefix)/share/bash-completion/completions

.PHONY: fsctl install-fsctl uninstall-fsctl
fsctl: build/bin/fsctl	## the command-line tool

# Rows and slots are claimed by the library's own code.
FSCTL_OBJ += build/userlib/group.o build/userlib/bpf.o

build/tools/%.o: tools/%.c $(wildcard tools/*.h userlib/*.h uapi/*.h bpf/*.h) $(BPF_SKEL)
	@mkdir -p $(@D)
	$(CC) $(FSCTL_CFLAGS) -c $< -o $@

build/bin/fsctl: $(FSCTL_OBJ)
	@mkdir -p $(@D)
	$(CC) -o $@ $(FSCTL_OBJ) $(FSCTL_LIBS)

install-fsctl: build/bin/fsctl
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(mandir)/man8 $(DESTDIR)$(FSCTL_COMPLETIONS)
	install -m 755 build/bin/fsctl $(DESTDIR)$(sbindir)/
	install -m 644 tools/fsctl.8 $(DESTDIR)$(mandir)/man8/
	install -m 644 tools/fsctl.bash $(DESTDIR)$(FSCTL_COMPLETIONS)/fsctl

uninstall-fsctl:
	rm -f $(DESTDIR)$(sbindir)/fsctl $(DESTDIR)$(mandir)/man8/fsctl.8 \
		$(DESTDIR)$(FSCTL_COMPLETIONS)/fsctl
