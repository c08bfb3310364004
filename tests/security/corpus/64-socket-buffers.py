# runs-as: script
# limits: network=loopback memoryMb=64
# expects: streams: held
# expects: datagrams: held
# expects: ports: held
# why: the kernel has one pool of memory for all sockets of the machine; what a sandbox fills is counted to it
import os
import socket

from kit import say


def fill_streams(most: int) -> int:
    """Bytes that the kernel took on connections that nobody reads."""
    server, kept, taken = socket.create_server(("127.0.0.1", 0)), [], 0
    piece = bytes(1 << 16)
    for _ in range(100):
        try:
            one = socket.create_connection(server.getsockname(), 2)
            kept += [one, server.accept()[0]]
            one.setblocking(False)
            while taken < most:
                taken += one.send(piece)
        except BlockingIOError:
            continue
        except OSError:
            break
    return taken


def fill_datagrams(most: int) -> int:
    kept, taken = [], 0
    for _ in range(200):
        try:
            to = socket.socket(type=socket.SOCK_DGRAM)
            to.bind(("127.0.0.1", 0))
            kept.append(to)
            for _ in range(64):
                taken += kept[0].sendto(bytes(1 << 15), to.getsockname())
        except OSError:
            break
        if taken > most:
            break
    # What is dropped was taken as well, so what arrived is what counts.
    held = 0
    for each in kept:
        each.setblocking(False)
        try:
            while True:
                held += len(each.recv(1 << 16))
        except OSError:
            pass
    return held


MOST = 512 << 20
taken = fill_streams(MOST)
say("streams", "held" if taken < 200 << 20 else f"escaped {taken}")
held = fill_datagrams(MOST)
say("datagrams", "held" if held < 200 << 20 else f"escaped {held}")
# Short connections leave their ports waiting; a sandbox runs out of its own.
server = socket.create_server(("127.0.0.1", 0))
for _ in range(2000):
    try:
        socket.create_connection(server.getsockname(), 2).close()
        server.accept()[0].close()
    except OSError:
        break
say("ports", "held")
