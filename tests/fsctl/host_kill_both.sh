#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# host_kill with both that may be run next after each kill.
BOTH=1 exec bash tests/fsctl/host_kill.sh
