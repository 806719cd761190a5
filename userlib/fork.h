/* SPDX-License-Identifier: LGPL-2.1-only */
/* Around fork(), for pthread_atfork(). */
#ifndef FASTSOCK_FORK_H
#define FASTSOCK_FORK_H

void fork_prepare(void);
void fork_parent(void);
void fork_child(void);

#endif
