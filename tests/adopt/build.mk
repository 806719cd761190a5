# SPDX-License-Identifier: GPL-2.0-only
# A server that nothing can be preloaded into.
build/tests/adopt/server: TEST_ADD := -static
