// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proxy mode: a connection to a backend for each client's, made when the client
 * has sent something, then bytes in both directions until the backend closes.
 * What a client ends early the backend is told (half-closed); a backend that
 * cannot be reached is answered for with 502.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "demo.h"

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE	51	/* Linux 6.3, linux/in.h */
#endif

static const char bad_gateway[] =
	"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

struct tunnel;

/* What was received from one side and not yet sent to the other. */
struct side {
	struct watch watch;
	struct tunnel *tunnel;
	bool ended;		/* it sends no more */
	bool told;		/* the other side was told so */
	size_t start, stop;
	char bytes[4096];
};

struct tunnel {
	struct side client, backend;	/* backend.watch.fd is -1 until there is one */
	bool connected;
	bool replied;			/* the client got something */
	bool refused;			/* it got 502 and has yet to read it */
};

enum progress { WAIT, GO_ON, OVER, BROKEN };

static void end(struct worker *worker, struct tunnel *tunnel, bool failed)
{
	if (failed)
		worker->counters->failed++;
	else
		worker->counters->answered++;
	if (tunnel->backend.watch.fd >= 0)
		worker_close(worker, &tunnel->backend.watch, NULL);
	worker_close(worker, &tunnel->client.watch, tunnel);
}

static void drain(struct worker *worker, struct tunnel *tunnel)
{
	char bytes[4096];
	ssize_t part;

	do
		part = recv(tunnel->client.watch.fd, bytes, sizeof(bytes), 0);
	while (part > 0 || (part < 0 && errno == EINTR));
	if (part == 0 || errno != EAGAIN)
		end(worker, tunnel, true);
}

/*
 * The client is left to close, and may go on sending until then: closing on what
 * it sends would reset the connection, and take our answer away from it.
 */
static void refuse(struct worker *worker, struct tunnel *tunnel, const char *why)
{
	if (!worker->counters->failed || worker->options->debug)
		say("worker %d: backend: %s", worker->number, why);
	if (tunnel->replied || send(tunnel->client.watch.fd, bad_gateway, sizeof(bad_gateway) - 1,
				    MSG_NOSIGNAL) != sizeof(bad_gateway) - 1) {
		end(worker, tunnel, true);
		return;
	}
	tunnel->refused = true;
	shutdown(tunnel->client.watch.fd, SHUT_WR);
	if (tunnel->backend.watch.fd >= 0)
		worker_close(worker, &tunnel->backend.watch, NULL);
	drain(worker, tunnel);
}

static enum progress receive(struct side *side)
{
	ssize_t part;

	if (side->ended || side->stop == sizeof(side->bytes))
		return WAIT;
	part = recv(side->watch.fd, side->bytes + side->stop, sizeof(side->bytes) - side->stop, 0);
	if (part < 0)
		return errno == EINTR ? GO_ON : errno == EAGAIN ? WAIT : BROKEN;
	side->ended = part == 0;
	side->stop += part;
	return GO_ON;
}

/* Hands on what @from has sent. */
static enum progress hand_on(struct side *from, struct side *to)
{
	ssize_t part;

	if (from->start < from->stop) {
		part = send(to->watch.fd, from->bytes + from->start, from->stop - from->start,
			    MSG_NOSIGNAL);
		if (part < 0)
			return errno == EINTR ? GO_ON : errno == EAGAIN ? WAIT : BROKEN;
		from->start += part;
		if (from->start == from->stop)
			from->start = from->stop = 0;
		return GO_ON;
	}
	if (from->ended && !from->told) {
		from->told = true;
		if (from == &from->tunnel->backend)
			return OVER;
		shutdown(to->watch.fd, SHUT_WR);
	}
	return WAIT;
}

/* Edge-triggered: a side with nothing to wait for reports its end once only. */
static bool watch_side(struct worker *worker, struct side *side, uint32_t events)
{
	return worker_watch(worker, &side->watch, events | EPOLLET) == 0;
}

/* Until neither side has anything, as edge-triggered events demand. */
static void pump(struct worker *worker, struct tunnel *tunnel)
{
	struct side *client = &tunnel->client, *backend = &tunnel->backend;
	enum progress steps[4];
	bool go_on;

	do {
		go_on = false;
		steps[0] = receive(client);
		steps[1] = hand_on(client, backend);
		steps[2] = receive(backend);
		steps[3] = hand_on(backend, client);
		tunnel->replied |= steps[3] == GO_ON;
		for (int i = 0; i < 4; i++) {
			if (steps[i] == OVER) {
				end(worker, tunnel, !tunnel->replied);
				return;
			}
			if (steps[i] == BROKEN) {
				refuse(worker, tunnel, "the connection broke");
				return;
			}
			go_on |= steps[i] == GO_ON;
		}
	} while (go_on);
	/* Only a client that does not read makes us wait for room. */
	if (backend->start < backend->stop && !watch_side(worker, client, EPOLLIN | EPOLLOUT))
		end(worker, tunnel, true);
}

static void backend_ready(struct worker *worker, struct watch *watch, uint32_t events)
{
	struct tunnel *tunnel = ((struct side *)watch)->tunnel;
	struct counters *counters = worker->counters;
	socklen_t length = sizeof(int);
	int error = 0;

	if (!tunnel->connected) {
		if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
			return;
		getsockopt(watch->fd, SOL_SOCKET, SO_ERROR, &error, &length);
		if (error) {
			refuse(worker, tunnel, strerror(error));
			return;
		}
		tunnel->connected = true;
		if (worker_samples(worker, counters->accepted)) {
			counters->out_sampled++;
			counters->out_local += is_local(watch->fd);
		}
	}
	pump(worker, tunnel);
}

/* Where replies arrive by destination port: those of this worker's CPU. */
static bool choose_port(const struct worker *worker, int fd)
{
	const struct fastsock_blocks *ports = &worker->options->ports;
	uint32_t range;

	if (!ports->count)
		return true;
	range = fastsock_block_first(ports, worker->cpu) |
		fastsock_block_last(ports, worker->cpu) << 16;
	return !setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range));
}

static bool connect_backend(struct worker *worker, struct tunnel *tunnel)
{
	const struct options *options = worker->options;
	const struct address *address =
		&options->backend[worker->next_backend++ % options->backend_count];
	struct side *backend = &tunnel->backend;

	backend->watch.fd = socket(address->socket.ss_family,
				   SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (backend->watch.fd < 0 || !choose_port(worker, backend->watch.fd))
		return false;
	if (options->debug)
		say("worker %d connects descriptor %d to %s on CPU %d", worker->number,
		    backend->watch.fd, address->text, sched_getcpu());
	/* Nonblocking: a signal that interrupts it leaves it in progress, too. */
	if (connect(backend->watch.fd, (const struct sockaddr *)&address->socket,
		    address->length) && errno != EINPROGRESS && errno != EINTR)
		return false;
	return watch_side(worker, backend, EPOLLIN | EPOLLOUT);
}

static void client_ready(struct worker *worker, struct watch *watch, uint32_t events)
{
	struct tunnel *tunnel = ((struct side *)watch)->tunnel;
	enum progress step;

	(void)events;
	if (tunnel->refused) {
		drain(worker, tunnel);
		return;
	}
	if (tunnel->connected) {
		pump(worker, tunnel);
		return;
	}
	do
		step = receive(&tunnel->client);
	while (step == GO_ON && !tunnel->client.ended);
	if (step == BROKEN || (tunnel->client.ended && !tunnel->client.stop)) {
		end(worker, tunnel, true);
		return;
	}
	if (tunnel->backend.watch.fd < 0 && tunnel->client.stop && !connect_backend(worker, tunnel))
		refuse(worker, tunnel, strerror(errno));
}

void proxy_start(struct worker *worker, int fd)
{
	struct tunnel *tunnel = calloc(1, sizeof(*tunnel));

	if (!tunnel) {
		worker->counters->failed++;
		close(fd);
		return;
	}
	tunnel->client.tunnel = tunnel->backend.tunnel = tunnel;
	tunnel->client.watch = (struct watch){ .fd = fd, .ready = client_ready };
	tunnel->backend.watch = (struct watch){ .fd = -1, .ready = backend_ready };
	if (!watch_side(worker, &tunnel->client, EPOLLIN))
		end(worker, tunnel, true);
}
