"""What comes from outside a thread's own course: signals, timers, forks, children. One line each, at logical seconds."""

import asyncio
import os
import signal
import sys
import threading
import time

begun = time.time()


class Interrupted(Exception):
    """Raised by the handler of SIGALRM."""


def interrupt(*_):
    raise Interrupted


def say(name, *values):
    print(name, *values, f"at {time.time() - begun:.1f}", flush=True)


def forked():
    """A fork of a process with threads has one, and makes its own."""
    over = threading.Event()
    beside = threading.Thread(target=over.wait)
    beside.start()
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        order = []
        threads = [threading.Thread(target=lambda n=n: (time.sleep(0.1 * (3 - n)), order.append(n))) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        os.write(write_end, repr(order).encode())
        os._exit(3)
    told = os.read(read_end, 1000).decode()
    ended, status = os.waitpid(child, 0)
    over.set()
    beside.join()
    say("forked", told, ended == child, os.waitstatus_to_exitcode(status))


def interval_timer():
    """It rings while the first thread waits for another."""
    rings = []
    signal.signal(signal.SIGALRM, lambda *_: rings.append(round(time.time() - begun, 1)))
    over = threading.Event()

    def work():
        for _ in range(10):
            time.sleep(1)
        over.set()

    thread = threading.Thread(target=work)
    thread.start()
    signal.setitimer(signal.ITIMER_REAL, 2.5, 2)
    over.wait()
    signal.setitimer(signal.ITIMER_REAL, 0)
    thread.join()
    say("rings", rings)


def waits_that_end():
    """A lock, a pipe and a sleep that only a signal ends."""
    signal.signal(signal.SIGALRM, interrupt)
    held = threading.Lock()
    held.acquire()
    read_end, _ = os.pipe()
    first = threading.main_thread().ident
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
    for name, begin, wait in [
        ("lock", lambda: signal.alarm(5), held.acquire),
        ("pipe", lambda: signal.alarm(3), lambda: os.read(read_end, 1)),
        ("sleep", lambda: later(lambda: os.kill(os.getpid(), signal.SIGALRM)), lambda: time.sleep(50)),
        ("lock again", lambda: later(lambda: signal.pthread_kill(first, signal.SIGALRM)), held.acquire),
    ]:
        begin()
        try:
            wait()
            say(name, "was not interrupted")
        except Interrupted:
            say(name)


def later(action):
    threading.Thread(target=lambda: (time.sleep(1), action())).start()


async def children():
    """Three that sleep, and one that never ends."""
    made = [await start(f"import time; time.sleep({n}); print({n})") for n in (2, 1, 0)]
    said = [await child.communicate() for child in made]
    say("children", [out for out, _ in said], [child.returncode for child in made])
    endless = await start("while True: pass")
    try:
        await asyncio.wait_for(endless.wait(), 3)
    except asyncio.TimeoutError:
        endless.kill()
        say("endless", await endless.wait())


async def start(program):
    return await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", program, stdout=asyncio.subprocess.PIPE)


forked()
interval_timer()
waits_that_end()
asyncio.run(children())
