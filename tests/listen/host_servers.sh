#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Other servers without the module: those that are served, and those that are left alone;
# UDP, where the module has no part.
set -u
. tests/lib/ahead.sh
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/listen/servers.sh
. tests/listen/models.sh

check "fsctl enable" fsctl enable --iface lo --spill off
lighttpd_model
single_models
apache_models
gunicorn_models
udp_models
check "fsctl disable" fsctl disable --iface lo
finish
