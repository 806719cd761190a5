// SPDX-License-Identifier: LGPL-2.1-only
#include "fdtable.h"

_Atomic uint16_t fd_table[FD_TABLE];
