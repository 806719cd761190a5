#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nginx and HAProxy without the module: addresses, CPUs, namespaces, threads.
set -u
. tests/lib/ahead.sh
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/listen/servers.sh
. tests/listen/models.sh

check "fsctl enable" fsctl enable --iface lo --spill off
nginx_places
haproxy_threads
haproxy_places
haproxy_reloads
haproxy_queues
check "fsctl disable" fsctl disable --iface lo
finish
