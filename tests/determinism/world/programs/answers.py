"""Waits in some way for an answer of a child's. `sys.argv`: the way, and the child's seconds of work."""

import asyncio
import select
import selectors
import socket
import subprocess
import sys
import time

WAY, SECONDS = sys.argv[1:3]
PROGRAM = "/tmp/at_work"
HOURS = 10_000
TIMER = """
import asyncio, sys
async def serve():
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    ticks = 0
    asked = asyncio.ensure_future(reader.read(1))
    while not asked.done():
        await asyncio.wait([asked], timeout=0.1)
        ticks += 1
    writer.write(str(ticks).encode())
    await writer.drain()
asyncio.run(serve())
"""


def start(*more, program=(PROGRAM,)):
    return subprocess.Popen([*program, *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def by_selector(kind, of, limit):
    with kind() as selector:
        selector.register(of, selectors.EVENT_READ)
        return bool(selector.select(limit))


async def by_loop(of, limit):
    answered = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_reader(of, lambda: answered.done() or answered.set_result(None))
    return await in_time(answered, limit)


async def in_time(something, limit):
    try:
        await asyncio.wait_for(something, limit)
    except asyncio.TimeoutError:
        return False
    return True


async def end_of_child(limit):
    child = await asyncio.create_subprocess_exec(
        PROGRAM, SECONDS, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    return await in_time(child.wait(), limit)


def connected(*program):
    with socket.create_server(("127.0.0.1", 0)) as server:
        child = start(str(server.getsockname()[1]), program=program)
        return child, server.accept()[0]


def answer():
    if WAY == "end":
        return asyncio.run(end_of_child(30))
    if WAY == "timer":
        child, peer = connected(sys.executable, "-c", TIMER)
        subprocess.run([PROGRAM, SECONDS], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        peer.send(b"x")
        return int(peer.recv(10)) < 200
    if WAY.endswith("tcp"):
        child, waited = connected(PROGRAM, SECONDS)
    else:
        child = start(SECONDS, *(["asked"] if WAY in ("asked", "idle") else []))
        waited = child.stdout
    try:
        if WAY == "idle":
            return by_selector(selectors.EpollSelector, waited, HOURS)
        if WAY == "asked":
            time.sleep(HOURS)
            child.stdin.write(b"x")
            child.stdin.flush()
        if WAY == "sleep":
            select.select([], [], [], HOURS)
            return by_selector(selectors.SelectSelector, waited, 0)
        if WAY.startswith("asyncio"):
            return asyncio.run(by_loop(waited.fileno(), 30))
        kinds = {"poll": selectors.PollSelector, "select": selectors.SelectSelector}
        return by_selector(kinds.get(WAY.split("-")[0], selectors.EpollSelector), waited, 3 if WAY == "late" else 30)
    finally:
        child.kill()


print("answered" if answer() else "given up")
