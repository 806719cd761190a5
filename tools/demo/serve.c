// SPDX-License-Identifier: GPL-2.0-only
/*
 * Server mode: 64 bytes of HTTP for every request, which ends at its blank line
 * (a body is not understood).  The connection is closed after the first one;
 * with -k only when the client says "Connection: close", or "HTTP/1.0" and not
 * "keep-alive".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "demo.h"

static const char closing[] = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nwelcome";
static const char keeping[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok";

_Static_assert(sizeof(closing) - 1 == 64 && sizeof(keeping) - 1 == 64, "replies of 64 bytes");

struct session {
	struct watch watch;
	const char *reply;	/* being sent; NULL: waiting for a request */
	size_t sent;
	size_t got;
	char request[2048];
};

static void end(struct worker *worker, struct session *session, bool failed)
{
	worker->counters->failed += failed;
	worker_close(worker, &session->watch, session);
}

/* Does a header line of the request, which ends at @stop, hold @value? */
static bool connection_is(const char *request, const char *stop, const char *value)
{
	const char *line, *next;

	for (line = request; line < stop; line = next + 2) {
		next = memmem(line, stop - line, "\r\n", 2);
		if (!next)
			return false;
		if (next - line > 11 && !strncasecmp(line, "connection:", 11)) {
			const char *found = strcasestr(line + 11, value);

			return found && found < next;
		}
	}
	return false;
}

static bool wants_more(const struct options *options, const char *request, const char *stop)
{
	const char *line = memmem(request, stop - request, "\r\n", 2);

	if (!options->keep_alive)
		return false;
	if (memmem(request, line - request, "HTTP/1.0", 8))
		return connection_is(request, stop, "keep-alive");
	return !connection_is(request, stop, "close");
}

/* Takes the first request out of what was received; false: it is not complete. */
static bool take_request(struct worker *worker, struct session *session)
{
	const char *blank;
	size_t length;

	session->request[session->got] = '\0';
	blank = memmem(session->request, session->got, "\r\n\r\n", 4);
	if (!blank)
		return false;
	session->reply = wants_more(worker->options, session->request, blank + 2) ? keeping : closing;
	session->sent = 0;
	length = blank + 4 - session->request;
	session->got -= length;
	memmove(session->request, session->request + length, session->got);
	return true;
}

/* Returns false when there is nothing to go on with now. */
static bool send_reply(struct worker *worker, struct session *session)
{
	ssize_t part = send(session->watch.fd, session->reply + session->sent, 64 - session->sent,
			    MSG_NOSIGNAL);

	if (part < 0) {
		if (errno == EINTR)
			return true;
		if (errno != EAGAIN || worker_watch(worker, &session->watch, EPOLLOUT))
			end(worker, session, true);
		return false;
	}
	session->sent += part;
	if (session->sent < 64)
		return true;
	worker->counters->answered++;
	if (session->reply == closing) {
		end(worker, session, false);
		return false;
	}
	session->reply = NULL;
	return true;
}

static bool receive(struct worker *worker, struct session *session)
{
	size_t room = sizeof(session->request) - 1 - session->got;
	ssize_t part;

	if (!room) {
		end(worker, session, true);
		return false;
	}
	part = recv(session->watch.fd, session->request + session->got, room, 0);
	if (part > 0) {
		session->got += part;
		return true;
	}
	if (part < 0 && errno == EINTR)
		return true;
	/* Between two requests it may end as it likes. */
	if (part == 0 || errno != EAGAIN || worker_watch(worker, &session->watch, EPOLLIN))
		end(worker, session, session->got > 0);
	return false;
}

static void go_on(struct worker *worker, struct watch *watch, uint32_t events)
{
	struct session *session = (struct session *)watch;
	bool more = true;

	(void)events;
	while (more) {
		if (session->reply || take_request(worker, session))
			more = send_reply(worker, session);
		else
			more = receive(worker, session);
	}
}

void serve_start(struct worker *worker, int fd)
{
	struct session *session = malloc(sizeof(*session));

	if (!session) {
		worker->counters->failed++;
		close(fd);
		return;
	}
	session->watch = (struct watch){ .fd = fd, .ready = go_on };
	session->reply = NULL;
	session->got = 0;
	if (worker_watch(worker, &session->watch, EPOLLIN))
		end(worker, session, true);
}
