/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * One line on stderr for each reason, once in a process and in what it forks.
 * Async-signal-safe: a fixed buffer and one write(), no stdio.
 */
#ifndef FASTSOCK_SAY_H
#define FASTSOCK_SAY_H

enum reason {
	SAY_SETTING,		/* may repeat: one for each bad setting */
	SAY_NOT_ENABLED,
	SAY_PINS_ABI,
	SAY_MODULE_ABI,
	SAY_NO_ROW,
	SAY_NO_LOCAL,
	SAY_ATTACH,
	SAY_SWITCHED_OFF,
	SAY_ACCEPT_MUTEX,
	SAY_TURNS,
	SAY_STRICT,
	SAY_NO_RANGE,
	SAY_REASONS,
};

/**
 * say() - tell the operator, unless this reason was told before
 * @reason: what it is about
 * @...: strings, in order, closed by NULL
 *
 * Keeps errno.
 */
void say(enum reason reason, ...) __attribute__((sentinel));

/* An errno value as words, without strerror()'s locale and buffers. */
const char *say_errno(int error);

/* Decimal, for say(); @buffer has room for 12 bytes. */
const char *say_number(char *buffer, long value);

#endif
