// SPDX-License-Identifier: GPL-2.0-only
/*
 * stress churn SECONDS: four threads clone and close; the module may come and go.
 * stress races SECONDS: the original is shut down, listens again, is closed and
 *	changes SO_REUSEPORT while others clone it.
 * SIGTERM ends either early. Only wrong answers are failures here; the kernel's
 * log is checked by the script.
 */
#include "util.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static volatile bool stop;
static atomic_long made, refused;

static void end(int signal)
{
	(void)signal;
	stop = true;
}

static void *churn(void *arg)
{
	int port = 7700 + (long)arg / 2, cpu = (long)arg % 2;
	int fd = -1, clone[8], n, i;

	/* Two threads share each port, and so a group. */
	static int shared[2] = { -1, -1 };
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&lock);
	if (shared[(long)arg / 2] < 0)
		shared[(long)arg / 2] = listener("127.0.0.1", port);
	fd = shared[(long)arg / 2];
	pthread_mutex_unlock(&lock);

	while (!stop) {
		int dev = device_open();

		if (dev < 0) {
			if (errno != ENOENT && errno != ENODEV && errno != ENXIO)
				ok(false, "opening the device: %s", strerror(errno));
			usleep(1000);
			continue;
		}
		if (device_hello(dev))
			ok(false, "HELLO");
		for (n = 0; n < 8; n++) {
			clone[n] = clone_of(dev, fd, cpu);
			if (clone[n] < 0)
				ok(false, "a clone: %s", strerrorname_np(-clone[n]));
			else
				made++;
		}
		close(dev);
		for (i = 0; i < n; i++)
			if (clone[i] >= 0)
				close(clone[i]);
		usleep(2000);
	}
	return NULL;
}

static int original;	/* a descriptor number whose socket changes */

static void *race_clone(void *arg)
{
	int dev = device();

	(void)arg;
	while (!stop) {
		int clone = clone_of(dev, original, 0);

		if (clone >= 0) {
			made++;
			close(clone);
			continue;
		}
		refused++;
		if (clone != -EINVAL && clone != -EBUSY && clone != -EBADF &&
		    clone != -EADDRINUSE && clone != -EOPNOTSUPP)
			ok(false, "a race ended with %s", strerrorname_np(-clone));
	}
	close(dev);
	return NULL;
}

static int listen_again(int port)
{
	int fd = tcp("127.0.0.1");

	if (set(fd, SOL_SOCKET, SO_REUSEADDR, 1) || bind_to(fd, "127.0.0.1", port) ||
	    listen(fd, 16)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void *race_original(void *arg)
{
	unsigned int i = 0, port = 7710;

	(void)arg;
	while (!stop) {
		int fd;

		switch (i++ % 3) {
		case 0:
			shutdown(original, SHUT_RDWR);
			listen(original, 16);
			break;
		case 1:
			set(original, SOL_SOCKET, SO_REUSEPORT, i & 1);
			break;
		case 2:
			fd = listen_again(port + i % 7);
			if (fd >= 0) {
				/* Closes the old one, perhaps below a clone. */
				must(dup3(fd, original, O_CLOEXEC));
				close(fd);
			}
			break;
		}
	}
	return NULL;
}

static void run(int seconds, void *(*const *fns)(void *), int n)
{
	pthread_t threads[8];
	long i;

	for (i = 0; i < n; i++)
		must(-pthread_create(&threads[i], NULL, fns[i], (void *)i));
	while (!stop && seconds--)
		sleep(1);
	stop = true;
	for (i = 0; i < n; i++)
		must(-pthread_join(threads[i], NULL));
}

int main(int argc, char **argv)
{
	static void *(*const churners[])(void *) = { churn, churn, churn, churn };
	static void *(*const racers[])(void *) = { race_clone, race_clone, race_clone, race_original };
	int seconds = argc == 3 ? atoi(argv[2]) : 0;

	if (seconds <= 0)
		return 2;
	signal(SIGTERM, end);
	if (!strcmp(argv[1], "churn")) {
		run(seconds, churners, 4);
		ok(made > 0, "%ld clones made and closed", made);
	} else {
		original = must(listen_again(7710));
		run(seconds, racers, 4);
		ok(made > 0, "%ld clones made against the clock", made);
		ok(refused > 0, "%ld refused, as the original was not listening", refused);
		close(original);
		for (int port = 7710; port < 7717; port++)
			if (try_listen("127.0.0.1", port, false))
				ok(false, "port %d is free in the end", port);
	}
	return t_exit();
}
