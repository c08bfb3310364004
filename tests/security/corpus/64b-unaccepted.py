# runs-as: script
# limits: network=loopback memoryMb=64
# expects: listening sockets: ENOBUFS after 64|16
# expects: one more by a child: ENOBUFS
# expects[sealed]: waiting connections: TimeoutError after 33
# expects[host]: waiting connections: TimeoutError after 33|129
# expects: bytes in all of them: held
# expects: after they are gone: listens
# control: listening sockets, waiting connections
# why: what lies in a connection that nobody accepts is no sandbox's memory until somebody does
import fcntl
import os
import socket
import struct
import termios

from kit import attempt, say, until_refused

LISTENERS, WAITING, PIECE = 200, 200, bytes(1 << 16)
# Some kernels (6.1 is one) leave queues as long as is asked for; there fewer sockets listen, with 128 at most.
SHORT, LONG, MANY = 33, 129, 16
# So many sockets, so many connections each, 16 KiB each: some three times what they hold.
MOST = 64 * SHORT << 14
servers: list[socket.socket] = []


def listen() -> None:
    one = socket.socket()
    one.bind(("127.0.0.1", 0))
    try:
        one.listen(4096)
    except OSError:
        one.listen(LONG - 1)
    servers.append(one)


def connect(server: socket.socket) -> None:
    """A connection that was left with all that it would take, in pieces small and large."""
    with socket.socket() as one:
        one.settimeout(0.5)
        one.connect(server.getsockname())
        one.setblocking(False)
        try:
            for _ in range(100):
                one.send(PIECE[:100])
            while True:
                one.send(PIECE)
        except BlockingIOError:
            pass


def held(server: socket.socket, most: int) -> int:
    """Bytes that had come to connections before they were accepted."""
    server.setblocking(False)
    total = 0
    try:
        while total < most:
            one = server.accept()[0]
            total += struct.unpack("i", fcntl.ioctl(one, termios.FIONREAD, bytes(4)))[0]
            one.close()
    except BlockingIOError:
        pass
    return total


until_refused("listening sockets", listen, LISTENERS)
child = os.fork()
if child == 0:
    attempt("one more by a child", listen)
    os._exit(0)
os.waitpid(child, 0)
if not servers:
    os._exit(0)
until_refused("waiting connections", lambda: connect(servers[0]), WAITING)
each = SHORT if len(servers) > MANY else LONG
total = 0
for server in servers:
    if server is not servers[0]:
        try:
            for _ in range(each if total < MOST else 0):
                connect(server)
        except OSError:
            pass
    total += held(server, MOST)
say("bytes in all of them", "held" if total <= MOST else f"escaped {total}")
while servers:
    servers.pop().close()
listen()
say("after they are gone", "listens")
