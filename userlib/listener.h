/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The listeners of this process and what its workers did with them.
 *
 * A *listener* is a listening TCP socket of the application.  A *watch* is its
 * registration in one epoll, made by one thread; a watch may have a *local
 * listener*: another socket on the same address, in a slot of the worker's CPU,
 * registered in the same epoll with the application's own event data.  The
 * application sees one descriptor, its own; accept() on it tries the local one
 * first.
 *
 * Who gets a local listener: whoever shares the listener with others, which is
 * a process that did not call listen() itself (a worker of a master), or threads
 * that watch one listener from epolls of their own.  A server that listens and
 * accepts in one place (Redis) is left alone.
 */
#ifndef FASTSOCK_LISTENER_H
#define FASTSOCK_LISTENER_H

#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* listen() succeeded on @fd. */
void listener_listened(int fd, int backlog);

/**
 * listener_epoll_ctl() - epoll_ctl() on a listener, or on a socket not known yet
 *
 * Return, errno: those of epoll_ctl() on the application's own descriptor.
 */
int listener_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);

/* Before waiting on @epfd: no event may come for what was deleted from it. */
void listener_about_to_wait(int epfd);

/**
 * listener_accept() - accept4() on a listener
 *
 * One system call in the usual case, the same one that would have been made.
 * Return, errno: those of accept4().
 */
int listener_accept(int fd, struct sockaddr *addr, socklen_t *len, int flags);

/* An unknown descriptor said EAGAIN: is it another number of a listener? */
bool listener_recognise(int fd);

/* @fd is about to be closed, or to become something else. */
void listener_closing(int fd);

/* @fd is no longer used as a non-blocking listener: take its local ones away. */
void listener_withdraw(int fd);

/* The application changed an option on a listener: change its local ones alike. */
void listener_option(int fd, int level, int name, const void *value, socklen_t len);

/* Are there any in this process? */
bool listener_any(void);

/* The process is about to change its user: bind what that might forbid. */
void listener_before_user_change(void);

/* Around fork(). */
void listener_fork_prepare(void);
void listener_fork_parent(void);
void listener_fork_child(void);

/* Once, by the constructor. */
void listener_start(void);

/* Follow a private descriptor that moved to another number (-1: lost). */
void listener_moved(int from, int to);

/* This process is about to have one more thread. */
void listener_thread_made(void);

/* In a thread that the worker @tid has just created. */
void listener_thread_born(int creator_tid);

#endif
