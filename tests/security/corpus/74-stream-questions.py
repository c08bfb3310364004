# runs-as: script
# expects: the stream's other end: 0 1000 1000
# expects: groups of the other end: EPERM
# expects: own groups: none
# expects: forced buffer: EPERM
# expects: forced read buffer: EPERM
# expects: network namespace: ENOTTY
# expects: file of the socket: ENOTTY
# expects: a module by name: ENOTTY
# expects: interfaces: 0
# expects: mark: EPERM
# expects: the machine's socket number: EPERM
# expects: send to a name: ECONNREFUSED
# why: a socket that was inherited answers questions about who made it, and some about the machine
import fcntl
import os
import socket
import struct

from kit import attempt, say

SO_PEERGROUPS, SO_SNDBUFFORCE, SO_RCVBUFFORCE, SO_MARK, SO_COOKIE = 59, 32, 33, 36, 57
SIOCGSKNS, SIOCUNIXFILE, SIOCGIFINDEX, SIOCGIFNAME = 0x894C, 0x89E0, 0x8933, 0x8910
stream = socket.socket(fileno=os.dup(3))
mine, _ = socket.socketpair()
say("the stream's other end", "%d %d %d" % struct.unpack("3i", stream.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)))
attempt("groups of the other end", lambda: stream.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, 64))
say("own groups", os.getgroups() or "none")
attempt("forced buffer", lambda: stream.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 1 << 30))
attempt("forced read buffer", lambda: stream.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 30))
attempt("network namespace", lambda: fcntl.ioctl(mine, SIOCGSKNS))
attempt("file of the socket", lambda: fcntl.ioctl(stream, SIOCUNIXFILE))
attempt("a module by name", lambda: fcntl.ioctl(mine, SIOCGIFINDEX, b"dummy0".ljust(40, b"\0")))
interfaces = 0
for number in range(1, 64):
    try:
        fcntl.ioctl(mine, SIOCGIFNAME, struct.pack("16xi20x", number))
        interfaces += 1
    except OSError:
        pass
say("interfaces", interfaces)
attempt("mark", lambda: mine.setsockopt(socket.SOL_SOCKET, SO_MARK, 1))
attempt("the machine's socket number", lambda: mine.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))
datagrams, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
attempt("send to a name", lambda: datagrams.sendto(b"x", "\0/org/freedesktop/systemd1"))
