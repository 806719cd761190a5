// SPDX-License-Identifier: GPL-2.0-only
/* As a library: a constructor that runs before libfastsock's, and makes a thread. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *nothing(void *argument)
{
	return argument;
}

__attribute__((constructor)) static void early(void)
{
	pthread_t thread;
	int made = pthread_create(&thread, NULL, nothing, NULL);

	if (!made)
		pthread_join(thread, NULL);
	/* Else the program it starts would start another, and so on. */
	unsetenv("LD_PRELOAD");
	printf("thread %d, program %d, user %d\n", made, system("exit 3") >> 8, setuid(getuid()));
}

int main(void)
{
	return 0;
}
