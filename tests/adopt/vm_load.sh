#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fsctl adopt on the stock kernel: a server that ends, nginx and its reload, flips
# under load.
set -u
. tests/lib/tap.sh
. tests/adopt/adopt.sh

ip link set lo up
adopt_begin
ends
nginx_reuseport
flipped 10
adopt_end
finish
