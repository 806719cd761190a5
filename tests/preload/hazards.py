# SPDX-License-Identifier: GPL-2.0-only
"""What breaks preload libraries, one case each: hazards.py CASE

Run with libfastsock.so preloaded and fastsock enabled (exit 0: as it should be),
or with --stock, where the same program runs without: everything but the number of
listeners and the pinning has to be the same.
"""
import ctypes, os, resource, select, signal, socket, struct, subprocess, sys, threading, time

STOCK = "--stock" in sys.argv
PORT = 8000
DEADLINE = 10
libc = ctypes.CDLL(None, use_errno=True)


def listener(blocking=False, family=socket.AF_INET):
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, PORT))
    sock.listen(128)
    sock.setblocking(blocking)
    return sock


def listeners():
    text = subprocess.run(["ss", "-Hltn", f"sport = :{PORT}"], capture_output=True, text=True)
    return len(text.stdout.splitlines())


def expect_listeners(count, deadline=DEADLINE):
    wait(lambda: listeners() == (1 if STOCK else count), f"{count} listeners, have {listeners()}",
         deadline)


def expect_pinned(*pids):
    """A worker listens first; it has its place when it is pinned."""
    wait(lambda: STOCK or all(len(os.sched_getaffinity(p)) == 1 for p in pids), "pinned")


def wait(condition, what, deadline=DEADLINE):
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def answer(sock):
    """Accept one connection and tell who did."""
    try:
        conn, _ = sock.accept()
    except BlockingIOError:
        return False
    conn.sendall(str(os.getpid()).encode())
    conn.close()
    return True


def serve(sock, accept_on=None, flags=select.EPOLLIN, prepare=None):
    """The loop of a worker, for ever."""
    poll = select.epoll()
    poll.register(sock.fileno(), flags)
    if prepare:
        poll.poll(0)    # who waits is a worker
        prepare(poll)
    while True:
        for _ in poll.poll():
            answer(accept_on or sock)


def worker(*arguments, **named):
    """Fork a worker; killed with its parent at the end of the case."""
    pid = os.fork()
    if pid:
        children.append(pid)
        return pid
    try:
        serve(*arguments, **named)
    finally:
        os._exit(1)


children = []


def ask(family=socket.AF_INET):
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(DEADLINE)
        sock.connect((host, PORT))
        return int(sock.recv(64) or 0)


def ask_all(times=40, cpus=None, family=socket.AF_INET):
    """Who answers, asked from every CPU in turn."""
    seen = set()
    allowed = sorted(os.sched_getaffinity(0))
    for i in range(times):
        os.sched_setaffinity(0, {allowed[i % len(allowed)]})
        seen.add(ask(family))
    os.sched_setaffinity(0, allowed)
    assert 0 not in seen, "a connection was closed without an answer"
    return seen


def kill(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    children.remove(pid)


def case_forked_worker():
    sock = listener()
    one = worker(sock)
    expect_listeners(2)
    assert ask_all() == {one}


def case_forked_worker_ipv6():
    sock = listener(family=socket.AF_INET6)
    one = worker(sock)
    expect_listeners(2)
    assert ask_all(family=socket.AF_INET6) == {one}


def case_two_workers_one_for_each_cpu():
    sock = listener()
    pids = {worker(sock), worker(sock)}
    expect_listeners(3)
    if STOCK:
        return
    expect_pinned(*pids)
    owner = {min(os.sched_getaffinity(p)): p for p in pids}
    assert len(owner) == 2, "different CPUs"
    before = os.sched_getaffinity(0)
    for cpu, pid in owner.items():
        os.sched_setaffinity(0, {cpu})
        assert {ask() for _ in range(50)} == {pid}, f"CPU {cpu}"
    os.sched_setaffinity(0, before)


def case_alone():
    """A server that listens and accepts in one place is left as it is."""
    sock = listener()
    thread = threading.Thread(target=serve, args=(sock,), daemon=True)
    before = os.sched_getaffinity(0)
    thread.start()
    assert ask_all() == {os.getpid()}
    assert listeners() == 1
    assert os.sched_getaffinity(thread.native_id) == before


def case_child_of_a_worker_holds_nothing():
    """The local listener ends with its worker, whomever that has forked."""
    sock = listener()

    def fork_idler(poll):
        if os.fork() == 0:
            time.sleep(DEADLINE)
            os._exit(0)

    first = worker(sock, prepare=fork_idler)
    ask()
    second = worker(sock)
    expect_listeners(3)
    kill(first)
    assert ask_all() == {second}


def case_killed_worker_leaves_its_queue():
    """Connections that wait in the queue of a killed worker are answered by another."""
    sock = listener()
    first, second = worker(sock), worker(sock)
    expect_listeners(3)
    expect_pinned(first, second)
    os.kill(first, signal.SIGSTOP)
    waiting = []
    for i in range(20):
        os.sched_setaffinity(0, {i % os.cpu_count()})
        waiting.append(socket.create_connection(("127.0.0.1", PORT)))
        waiting[-1].settimeout(DEADLINE)
    time.sleep(0.2)
    killed = time.monotonic()
    kill(first)
    answers = {int(each.recv(64) or 0) for each in waiting}
    assert answers == {second}, answers
    # A kernel that moves a connection without waking its heir (CVE-2026-46015) would
    # let it wait until the next one comes: here none does.
    assert time.monotonic() - killed < DEADLINE, "accepted at once"


def case_before_the_first_and_after_the_last_worker():
    sock = listener()
    early = socket.create_connection(("127.0.0.1", PORT))
    early.settimeout(DEADLINE)
    first = worker(sock)
    assert int(early.recv(64)) == first
    expect_listeners(2)
    os.kill(first, signal.SIGSTOP)
    late = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(5)]
    kill(first)
    second = worker(sock)
    for each in late:
        each.settimeout(DEADLINE)
        assert int(each.recv(64) or 0) == second


def case_deleted_from_epoll():
    """No event after EPOLL_CTL_DEL, and the connections go to others."""
    sock = listener()
    verdict = os.pipe()

    def check(poll):
        ask_started.recv(1)
        poll.unregister(sock.fileno())
        os.write(verdict[1], b"!" if poll.poll(0.5) else b".")
        time.sleep(DEADLINE)

    ask_started, start = socket.socketpair()
    worker(sock, prepare=check)
    second = worker(sock)
    expect_listeners(3)
    start.send(b"x")
    wait(lambda: STOCK or listeners() == 2, "the local listener goes")
    assert ask_all() == {second}
    assert os.read(verdict[0], 1) == b"."


def case_deleted_and_added_at_once():
    """nginx does this every 16 connections: the local listener stays."""
    sock = listener()

    def shuffle(poll):
        for _ in range(100):
            poll.unregister(sock.fileno())
            poll.register(sock.fileno(), select.EPOLLIN)

    one = worker(sock, prepare=shuffle)
    expect_listeners(2)
    assert ask_all() == {one}


def case_in_and_out():
    """accept_mutex: in and out of epoll all the time; left shared, nothing lost."""
    sock = listener()

    def habit(poll):
        while True:
            if poll.poll(0.01):
                answer(sock)
            poll.unregister(sock.fileno())
            poll.poll(0.001)
            poll.register(sock.fileno(), select.EPOLLIN)

    pids = {worker(sock, prepare=habit), worker(sock, prepare=habit)}
    assert ask_all(100) <= pids
    wait(lambda: listeners() == 1, "left shared")


def case_muted_by_modify():
    sock = listener()
    ask_started, start = socket.socketpair()

    def mute(poll):
        ask_started.recv(1)
        poll.modify(sock.fileno(), 0)
        assert not poll.poll(0.3)
        ask_started.recv(1)
        poll.modify(sock.fileno(), select.EPOLLIN)

    first = worker(sock, prepare=mute)
    second = worker(sock)
    expect_listeners(3)
    start.send(b"x")
    wait(lambda: STOCK or listeners() == 2, "the local listener goes")
    assert ask_all() == {second}
    kill(second)
    start.send(b"x")
    assert ask_all() == {first}


def case_epoll_closed():
    sock = listener()

    ask_started, start = socket.socketpair()

    def close(poll):
        ask_started.recv(1)
        poll.close()
        time.sleep(DEADLINE)

    worker(sock, prepare=close)
    second = worker(sock)
    wait(lambda: STOCK or listeners() == 3, "both have theirs")
    start.send(b"x")
    wait(lambda: STOCK or listeners() == 2, "the local listener goes")
    assert ask_all() == {second}


def case_thread_ends():
    sock = listener()
    stop = threading.Event()

    def short():
        poll = select.epoll()
        poll.register(sock.fileno(), select.EPOLLIN)
        poll.poll(0)
        stop.wait()
        kept.append(poll)

    kept = []
    ending = threading.Thread(target=short)
    ending.start()
    threading.Thread(target=serve, args=(sock,), daemon=True).start()
    expect_listeners(3)
    stop.set()
    ending.join()
    expect_listeners(2)
    ask_all()


def case_edge_triggered():
    sock = listener()

    def drain(poll):
        while True:
            while answer(sock):
                pass
            poll.poll()

    one = worker(sock, flags=select.EPOLLIN | select.EPOLLET, prepare=drain)
    expect_listeners(2)
    assert ask_all(100) == {one}


def case_oneshot_is_left_alone():
    sock = listener()

    def rearm(poll):
        while True:
            poll.modify(sock.fileno(), select.EPOLLIN | select.EPOLLONESHOT)
            for _ in poll.poll():
                answer(sock)

    one = worker(sock, flags=select.EPOLLIN | select.EPOLLONESHOT, prepare=rearm)
    assert ask_all() == {one}
    assert listeners() == 1


def case_blocking_listener_is_left_alone():
    sock = listener(blocking=True)
    one = worker(sock)
    assert ask_all() == {one}
    assert listeners() == 1


def case_made_blocking_later():
    sock = listener()

    def block(poll):
        sock.setblocking(True)
        while True:
            answer(sock)

    one = worker(sock, prepare=block)
    assert ask_all() == {one}


def case_closes_all_it_can_see():
    sock = listener()

    def close(poll):
        libc.close_range(100, 70000, 0)
        libc.closefrom(100)
        for fd in range(100, 8192):
            if libc.close(fd) == 0:
                os._exit(3)

    one = worker(sock, prepare=close)
    expect_listeners(2)
    assert ask_all() == {one}
    second = worker(sock)
    expect_listeners(3)
    expect_pinned(second)
    assert ask_all() == {one, second} or STOCK


def case_takes_our_numbers():
    """dup2() onto numbers that the library uses: the application's call wins."""
    sock = listener()

    lowest = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2, 4096)

    def take(poll):
        for fd in range(lowest - 10, lowest + 30):
            assert libc.dup2(0, fd) == fd
            os.fstat(fd)

    one = worker(sock, prepare=take)
    assert ask_all() == {one}


def case_number_reused_unseen():
    """A listener closed by a bare system call, another one under its number."""
    sock = listener()
    global PORT
    PORT += 1
    other = listener()
    PORT -= 1

    def reuse(poll):
        fd = sock.fileno()
        libc.syscall(3, fd)                     # close
        assert libc.syscall(33, other.fileno(), fd) == fd      # dup2
        poll.register(fd, select.EPOLLIN)
        while True:
            for _ in poll.poll():
                answer(sock)

    one = worker(sock, prepare=reuse)
    PORT += 1
    assert ask_all() == {one}
    PORT -= 1


def case_options_are_copied():
    sock = listener()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 77)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 123456)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 5))
    wanted = [sock.getsockopt(*option) for option in (
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE), (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
        (socket.SOL_SOCKET, socket.SO_RCVBUF))]

    def report(poll):
        while True:
            for _ in poll.poll():
                try:
                    conn, _ = sock.accept()
                except BlockingIOError:
                    continue
                found = [conn.getsockopt(*option) for option in (
                    (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
                    (socket.SOL_SOCKET, socket.SO_RCVBUF))]
                linger = struct.unpack("ii", conn.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
                conn.sendall(b"1" if found == wanted and linger == (1, 5) else b"2")
                conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))
                conn.close()

    worker(sock, prepare=report)
    expect_listeners(2)
    assert ask_all() == {1}


def exec_worker(expression, fd):
    """A new program serves the listener that the expression gives it."""
    here = os.path.dirname(os.path.abspath(__file__))
    script = (f"import socket, sys; sys.argv = ['x', 'none']; sys.path.insert(0, {here!r}); "
              f"import hazards; hazards.serve({expression})")
    child = subprocess.Popen([sys.executable, "-c", script], pass_fds=[fd])
    children.append(child.pid)
    return child.pid


def case_handed_over():
    """SCM_RIGHTS: another process, unrelated, serves the listener."""
    sock = listener()
    ours, theirs = socket.socketpair()
    socket.send_fds(ours, [b"x"], [sock.fileno()])
    pid = exec_worker(f"socket.socket(fileno=socket.recv_fds(socket.socket("
                      f"fileno={theirs.fileno()}), 1, 1)[1][0])", theirs.fileno())
    expect_listeners(2, 40)     # an interpreter starts first
    assert ask_all() == {pid}


def case_pinning():
    """The worker is pinned; what it forks, and its threads, get its CPUs back."""
    sock = listener()
    all_cpus = os.sched_getaffinity(0)
    found = os.pipe()

    def report(poll):
        mine = os.sched_getaffinity(0)
        masks = []
        thread = threading.Thread(target=lambda: masks.append(os.sched_getaffinity(0)))
        thread.start()
        thread.join()
        inner = os.pipe()
        if os.fork() == 0:
            os.write(inner[1], b"." if os.sched_getaffinity(0) == all_cpus else b"!")
            os._exit(0)
        good = masks == [all_cpus] and os.read(inner[0], 1) == b"."
        pinned = len(mine) == 1
        os.write(found[1], b"." if good and pinned != (STOCK or PIN_OFF) else b"!")

    worker(sock, prepare=report)
    assert os.read(found[0], 1) == b"."
    assert os.sched_getaffinity(0) == all_cpus


PIN_OFF = os.environ.get("FASTSOCK_PIN") == "0"


def case_few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    sock = listener()
    one = worker(sock)
    assert ask_all() == {one}


def case_more_workers_than_places():
    sock = listener()
    pids = {worker(sock) for _ in range(6 * os.cpu_count())}
    assert ask_all(200) <= pids
    for pid in sorted(pids)[:-1]:
        kill(pid)
    assert ask_all() == {max(pids)}


if __name__ == "__main__":
    signal.alarm(60)
    cases = {name[5:]: case for name, case in globals().items() if name.startswith("case_")}
    if sys.argv[1] == "--list":
        print("\n".join(cases))
        sys.exit(0)
    try:
        cases[sys.argv[1]]()
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
