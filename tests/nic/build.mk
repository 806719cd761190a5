# SPDX-License-Identifier: GPL-2.0-only
# The test card, for each kernel the tests run on: build/nic/RELEASE/fsnic.ko

NIC_SRC := $(wildcard tests/nic/fsnic/*)

.PHONY: nic nic-lint nics nics-lint $(KERNELS:%=nic-for-%) $(KERNELS:%=nic-lint-for-%)
nic:
	$(call kbuild,build/nic/$(KREL),$(NIC_SRC),modules)
nic-lint:
	$(call kbuild_lint,build/lint/nic/$(KREL),$(NIC_SRC))

nics: $(KERNELS:%=nic-for-%)	## the test network card for all of KERNELS=
nics-lint: $(KERNELS:%=nic-lint-for-%)
$(KERNELS:%=nic-for-%): nic-for-%:
	$(call for_kernel,$*,nic)
$(KERNELS:%=nic-lint-for-%): nic-lint-for-%:
	$(call for_kernel,$*,nic-lint)
