// SPDX-License-Identifier: GPL-2.0-only
/* Workers that take turns in waiting for connections, as Apache's do: one each kind of lock. */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/stat.h>

#include "case.h"

static void (*take)(void), (*give)(void);

static pthread_mutex_t *mutex;
static sem_t *semaphore;
static int sysv, file;
static char file_name[] = "/tmp/fs-turns.XXXXXX";

static void *shared(size_t size)
{
	void *place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	need(place != MAP_FAILED);
	return place;
}

static void take_mutex(void)
{
	need(pthread_mutex_lock(mutex) == 0);
}

static void give_mutex(void)
{
	need(pthread_mutex_unlock(mutex) == 0);
}

static void take_semaphore(void)
{
	need(sem_wait(semaphore) == 0);
}

static void give_semaphore(void)
{
	need(sem_post(semaphore) == 0);
}

static void take_sysv(void)
{
	need(semop(sysv, &(struct sembuf){ .sem_op = -1 }, 1) == 0);
}

static void take_sysv_timed(void)
{
	need(semtimedop(sysv, &(struct sembuf){ .sem_op = -1 }, 1, NULL) == 0);
}

static void give_sysv(void)
{
	need(semop(sysv, &(struct sembuf){ .sem_op = 1 }, 1) == 0);
}

static void take_fcntl(void)
{
	need(fcntl(file, F_SETLKW, &(struct flock){ .l_type = F_WRLCK }) == 0);
}

static void give_fcntl(void)
{
	need(fcntl(file, F_SETLK, &(struct flock){ .l_type = F_UNLCK }) == 0);
}

static void take_flock(void)
{
	need(flock(file, LOCK_EX) == 0);
}

static void give_flock(void)
{
	need(flock(file, LOCK_UN) == 0);
}

static void work_in_turn(int fd)
{
	struct epoll_event event;
	int epfd = new_epoll();

	/* An open file of its own: flock() belongs to that. */
	file = open(file_name, O_RDWR | O_CLOEXEC);
	add(epfd, fd);
	for (;;) {
		take();
		if (epoll_wait(epfd, &event, 1, -1) == 1)
			answer(fd);
		give();
	}
}

/* Nobody waits behind a worker whose turn does not come, and the listener is shared. */
static void in_turn(void (*taking)(void), void (*giving)(void))
{
	int fd = listener(), port = port_of(fd);
	double end = now() + DEADLINE;
	pid_t pids[2];

	take = taking;
	give = giving;
	pids[0] = worker(work_in_turn, fd);
	pids[1] = worker(work_in_turn, fd);
	all_answered_by(port, 100, pids, 2);
	while (listeners(port) != 1) {
		need(now() < end);
		nap();
	}
}

static void turns__by_pthread_mutex(void)
{
	pthread_mutexattr_t attributes;

	mutex = shared(sizeof(*mutex));
	need(pthread_mutexattr_init(&attributes) == 0);
	need(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0);
	need(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
	need(pthread_mutex_init(mutex, &attributes) == 0);
	in_turn(take_mutex, give_mutex);
}

static void turns__by_semaphore(void)
{
	semaphore = shared(sizeof(*semaphore));
	need(sem_init(semaphore, 1, 1) == 0);
	in_turn(take_semaphore, give_semaphore);
}

static void by_sysv(void (*taking)(void))
{
	sysv = semget(IPC_PRIVATE, 1, 0600);
	need(sysv >= 0);
	if (getenv("FS_TEST_UID")) {
		struct semid_ds owner = { 0 };

		owner.sem_perm.uid = atoi(getenv("FS_TEST_UID"));
		owner.sem_perm.mode = 0600;
		need(semctl(sysv, 0, IPC_SET, &owner) == 0);
	}
	give_sysv();
	in_turn(taking, give_sysv);
	need(semctl(sysv, 0, IPC_RMID) == 0);
}

static void turns__by_semop(void)
{
	by_sysv(take_sysv);
}

static void turns__by_semtimedop(void)
{
	by_sysv(take_sysv_timed);
}

static void make_file(void)
{
	int made = mkstemp(file_name);

	need(made >= 0);
	need(fchmod(made, 0666) == 0);
	close(made);
}

static void by_file(void (*taking)(void), void (*giving)(void))
{
	make_file();
	in_turn(taking, giving);
	need(unlink(file_name) == 0);
}

static void turns__by_fcntl(void)
{
	by_file(take_fcntl, give_fcntl);
}

static void turns__by_flock(void)
{
	by_file(take_flock, give_flock);
}

/* Locks that only the threads of one process share say nothing. */
static void work_own_locks(int fd)
{
	static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
	int epfd = new_epoll();
	sem_t semaphore;

	add(epfd, fd);
	need(pthread_mutex_lock(&own) == 0);
	need(pthread_mutex_unlock(&own) == 0);
	need(sem_init(&semaphore, 0, 1) == 0);
	need(sem_wait(&semaphore) == 0);
	serve(epfd, fd);
}

static void turns__not_by_locks_of_one_process(void)
{
	int fd = listener();
	pid_t pid = worker(work_own_locks, fd);

	expect_listeners(port_of(fd), 2);
	all_answered(port_of(fd), 20, pid);
	need(listeners(port_of(fd)) == (stock ? 1 : 2));
}

/* Nor does one that a worker takes while it serves. */
static void work_locks_later(int fd)
{
	struct epoll_event event;
	int epfd = new_epoll();

	file = open(file_name, O_RDWR | O_CLOEXEC);
	add(epfd, fd);
	for (;;)
		if (epoll_wait(epfd, &event, 1, -1) == 1) {
			take_fcntl();
			answer(fd);
			give_fcntl();
		}
}

static void turns__not_by_a_lock_while_serving(void)
{
	int fd = listener();
	pid_t pid;

	make_file();
	pid = worker(work_locks_later, fd);
	expect_listeners(port_of(fd), 2);
	all_answered(port_of(fd), 20, pid);
	need(listeners(port_of(fd)) == (stock ? 1 : 2));
	need(unlink(file_name) == 0);
}

static const struct test_case cases[] = {
	{ "turns__by_pthread_mutex", turns__by_pthread_mutex },
	{ "turns__by_semaphore", turns__by_semaphore },
	{ "turns__by_semop", turns__by_semop },
	{ "turns__by_semtimedop", turns__by_semtimedop },
	{ "turns__by_fcntl", turns__by_fcntl },
	{ "turns__by_flock", turns__by_flock },
	{ "turns__not_by_locks_of_one_process", turns__not_by_locks_of_one_process },
	{ "turns__not_by_a_lock_while_serving", turns__not_by_a_lock_while_serving },
};

CASE_MAIN(cases)
