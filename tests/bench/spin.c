// SPDX-License-Identifier: GPL-2.0-only
/*
 * spin MILLIONS: so many instructions in user space on each CPU at the same time.
 * Prints the time from the start to the last one's end, in ns, and the instructions.
 *
 * On a machine that counts time in instructions the difference is what it did
 * beside: ticks, mostly.  The clock there is one for all CPUs, so that 16 CPUs have
 * 16 ticks where a machine of their speed would have one.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static pthread_barrier_t ready;
static unsigned long rounds;

static void *spin(void *argument)
{
	unsigned long left = rounds;
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET((long)argument, &cpu);
	if (pthread_setaffinity_np(pthread_self(), sizeof(cpu), &cpu))
		exit(1);
	pthread_barrier_wait(&ready);
	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(left));
	return NULL;
}

int main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct timespec from, to;
	pthread_t threads[cpus];

	rounds = argc == 2 ? atol(argv[1]) * 1000000 / 2 : 0;
	if (!rounds || pthread_barrier_init(&ready, NULL, cpus + 1))
		return 2;
	for (long cpu = 0; cpu < cpus; cpu++)
		if (pthread_create(&threads[cpu], NULL, spin, (void *)cpu))
			return 1;
	/* Until all of them wait: what they do before is not to count. */
	usleep(100000);
	clock_gettime(CLOCK_MONOTONIC, &from);
	pthread_barrier_wait(&ready);
	for (long cpu = 0; cpu < cpus; cpu++)
		pthread_join(threads[cpu], NULL);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%ld %ld\n", (to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec,
	       cpus * (long)rounds * 2);
	return 0;
}
