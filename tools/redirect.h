/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a driver's native XDP can send frames elsewhere. */
#ifndef FSCTL_REDIRECT_H
#define FSCTL_REDIRECT_H

#include <stdbool.h>

/*
 * false: its driver says that it cannot; it would drop what is redirected.  true
 * also when it does not tell: drivers do from 6.3 on.
 */
bool redirect_works(unsigned int ifindex);

#endif
