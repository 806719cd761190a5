/* SPDX-License-Identifier: LGPL-2.1-only */
/* Socket options from one TCP socket to another, without the module's help. */
#ifndef FASTSOCK_OPTIONS_H
#define FASTSOCK_OPTIONS_H

/**
 * options_copy() - all options a listener can carry, or none
 * @from: listener
 * @to: new socket of the same family, not bound yet
 *
 * Return: 0, or -1 with errno when an option that is set on @from cannot be set
 * on @to by this user (SO_MARK without CAP_NET_ADMIN, say) or cannot be read
 * back (an attached filter): a listener that differs would change what the
 * server's clients see.
 */
int options_copy(int from, int to);

#endif
