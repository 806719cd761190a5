/* SPDX-License-Identifier: GPL-2.0-only */
/* The demo server: what its files share. */
#ifndef DEMO_H
#define DEMO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "fastsock_ports.h"

#define MAX_ADDRESSES	16
#define MAX_WORKERS	1024

/* How the workers' listening sockets come to be. */
enum sharing {
	SHARED,			/* one socket, opened before the workers are made */
	REUSEPORT,		/* one for each worker, chosen by the kernel's hash */
	INCOMING_CPU,		/* the same with SO_INCOMING_CPU: chosen by CPU */
	CBPF,			/* the same with a classic BPF program: chosen by CPU */
};

struct address {
	struct sockaddr_storage socket;
	socklen_t length;
	const char *text;	/* as given */
};

struct options {
	int workers;
	int first_cpu;
	int last_cpu;		/* of the machine; after it comes CPU 0 */
	bool threads;
	bool keep_alive;
	bool verbose;
	bool debug;
	enum sharing sharing;
	struct address listen[MAX_ADDRESSES];
	int listen_count;
	struct address backend[MAX_ADDRESSES];
	int backend_count;	/* > 0: proxy */
	struct fastsock_blocks ports;	/* to connect from, by CPU; count 0: any */
};

/* One cache line for each worker, in memory that all processes share. */
struct counters {
	uint64_t accepted;
	uint64_t answered;	/* complete replies; proxy: until the backend closed */
	uint64_t failed;	/* anything else but an idle connection's end */
	uint64_t sampled;	/* -v: accepted connections looked at */
	uint64_t local;		/* of these: received on the CPU that accepted */
	uint64_t out_sampled;	/* the same for connections to a backend */
	uint64_t out_local;
} __attribute__((aligned(64)));

struct worker;

/* What an epoll event points to: the first member of its owner. */
struct watch {
	int fd;
	uint32_t events;	/* asked for */
	void (*ready)(struct worker *worker, struct watch *watch, uint32_t events);
	struct watch *dead;	/* chain of those with memory to free after the batch */
	void *memory;
};

struct worker {
	const struct options *options;
	int number;
	int cpu;
	int epoll;
	int spare;		/* descriptor given up when there are no others */
	int next_backend;
	struct counters *counters;
	struct watch *dead;
	struct watch listeners[MAX_ADDRESSES];
};

extern FILE *demo_log;

/* main.c */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* listen.c: fds[worker * listen_count + address]; says why and returns -1. */
int open_listeners(const struct options *options, int *fds);

/* worker.c */
int worker_cpu(const struct options *options, int number);
void worker_run(struct worker *worker, const int *fds) __attribute__((noreturn));
int worker_watch(struct worker *worker, struct watch *watch, uint32_t events);
/* @memory: goes when the batch is over; NULL where another watch has it */
void worker_close(struct worker *worker, struct watch *watch, void *memory);
bool worker_samples(const struct worker *worker, uint64_t number);
bool is_local(int fd);

/* serve.c, proxy.c: take over an accepted connection */
void serve_start(struct worker *worker, int fd);
void proxy_start(struct worker *worker, int fd);

#endif
