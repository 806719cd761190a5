#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# See packets.c.
. tests/lib/private.sh
ip addr add fd77::1/64 dev lo nodad
exec "$FS_BUILD/tests/xdp/packets"
