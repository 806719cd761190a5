#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nginx without the module: workers, reload, binary upgrade, killed workers.
set -u
. tests/lib/ahead.sh
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/listen/servers.sh
. tests/listen/models.sh

check "fsctl enable" fsctl enable --iface lo --spill off
nginx_models
check "fsctl disable" fsctl disable --iface lo
finish
