"""Threads that race in every way a Python program can; one line for each race, with a digest of what happened in it."""

import asyncio
import concurrent.futures
import hashlib
import os
import queue
import socket
import subprocess
import sys
import threading
import time

events = []


def run(*targets):
    threads = [threading.Thread(target=target, args=arguments) for target, *arguments in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def processor():
    """Who of four that only compute comes how far before the next."""

    def work(who):
        for _ in range(2000):
            events.append(who)

    run(*[(work, who) for who in range(4)])


def unlocked_counter():
    """A counter read, given away, and written back."""
    state = {"count": 0}

    def work(who):
        for _ in range(100):
            seen = state["count"]
            time.sleep(0 if who % 2 else 0.001)
            state["count"] = seen + 1

    run(*[(work, who) for who in range(5)])
    events.append(state["count"])


def pipes():
    """Three readers of one pipe, and a writer of more than it holds."""
    read_end, write_end = os.pipe()

    def reader(who):
        while data := os.read(read_end, 1000):
            events.append((who, len(data)))

    def writer():
        os.write(write_end, b"x" * 200_000)
        os.close(write_end)

    run(*[(reader, who) for who in range(3)], (writer,))
    os.close(read_end)


def sockets():
    """Two that answer each other, and one beside them."""
    left, right = socket.socketpair()

    def talk(end, first):
        if first:
            end.sendall(b"0")
        for _ in range(50):
            got = int(end.recv(100) or -1)
            events.append(got)
            if got < 99:
                end.sendall(str(got + 1).encode())

    def beside():
        for _ in range(20):
            time.sleep(0.01)
            events.append("beside")

    run((talk, left, True), (beside,), (talk, right, False))
    left.close()
    right.close()


def producers_and_consumers():
    items = queue.Queue(5)

    def producer(who):
        for number in range(60):
            items.put((who, number))

    def consumer(who):
        while True:
            try:
                events.append((who, items.get(timeout=1)))
            except queue.Empty:
                return

    run(*[(producer, who) for who in range(3)], *[(consumer, who) for who in range(3)])


def pool():
    """Completion order, thread names and object identities."""
    with concurrent.futures.ThreadPoolExecutor(4) as executor:
        futures = [executor.submit(lambda n=n: (threading.get_ident(), n * n)) for n in range(60)]
        for future in concurrent.futures.as_completed(futures):
            events.append((id(future), future.result()))


def timers():
    fired = threading.Event()
    threading.Timer(5, fired.set).start()
    events.append((fired.wait(3), time.monotonic()))
    events.append((fired.wait(), time.monotonic()))


def conditions():
    condition = threading.Condition()

    def waiter(who):
        with condition:
            for _ in range(10):
                events.append((who, condition.wait(timeout=0.01 * (who + 1)), time.monotonic()))

    def caller():
        for _ in range(12):
            time.sleep(0.015)
            with condition:
                condition.notify()

    run(*[(waiter, who) for who in range(4)], (caller,))


def barriers():
    barrier = threading.Barrier(4)

    def work(who):
        for _ in range(20):
            events.append((who, barrier.wait()))

    run(*[(work, who) for who in range(4)])


def asyncio_threads():
    async def main():
        def sleep(number):
            time.sleep(0.1 * (5 - number))
            return number, time.time()

        for done in asyncio.as_completed([asyncio.to_thread(sleep, number) for number in range(5)]):
            events.append(await done)
        await asyncio.sleep(3600)
        events.append(time.time())

    asyncio.run(main())


def child_in_a_thread():
    """A child, waited for by a thread while another waits for that with a timeout."""
    program = "import time; time.sleep(2); print(time.time())"
    over = threading.Event()

    def start():
        done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, check=False)
        events.append((done.returncode, done.stdout))
        over.set()

    def wait():
        events.append((over.wait(1), time.monotonic()))

    run((start,), (wait,))


def children_in_threads():
    """Three children at a time, whichever the machine finishes first, and questions about one that has nearly ended."""
    program = "import sys, time; [print(sys.argv[1], n, flush=True) for n in range(30)]; time.sleep(1)"

    def start(who):
        for _ in range(2):
            child = subprocess.Popen([sys.executable, "-S", "-c", program, str(who)], stdout=subprocess.PIPE)
            events.append((who, hashlib.sha256(child.stdout.read()).hexdigest()))
            events.append((who, child.poll(), child.wait(timeout=5), time.monotonic()))
            child.stdout.close()

    run(*[(start, who) for who in range(3)])


def spinning():
    """Waiting by asking: for the clock, by yielding."""
    flags = []

    def set_later():
        time.sleep(2)
        flags.append(1)

    for pause in (time.monotonic, lambda: time.sleep(0)):
        flags.clear()
        thread = threading.Thread(target=set_later)
        thread.start()
        rounds = 0
        while not flags:
            pause()
            rounds += 1
        events.append(rounds)
        thread.join()


def stacks():
    """Thread identities are addresses of stacks, which are used again."""

    def deeper(depth):
        if depth:
            run((deeper, depth - 1))
        events.append(threading.get_ident())

    deeper(10)


def daemon():
    """Still running when the program ends."""

    def forever():
        while True:
            time.sleep(1)
            events.append("tick")

    threading.Thread(target=forever, daemon=True).start()
    time.sleep(10.5)


races = [
    processor, unlocked_counter, pipes, sockets, producers_and_consumers, pool, timers, conditions, barriers,
    asyncio_threads, child_in_a_thread, children_in_threads, spinning, stacks, daemon,
]  # fmt: skip

for race in races:
    race()
    digest = hashlib.sha256(repr(events).encode()).hexdigest()[:16]
    print(f"{race.__name__} {len(events)} events {digest} at {time.time()}", flush=True)
    events.clear()
