# runs-as: script
# limits: network=loopback
# expects: stream: made
# expects: datagram: made
# expects: inet6: EAFNOSUPPORT
# expects: unix: EAFNOSUPPORT
# expects: netlink: ENOTSUP|EOPNOTSUPP
# expects: packet: EAFNOSUPPORT
# expects: alg: EAFNOSUPPORT
# expects: vsock: EAFNOSUPPORT
# expects: xdp: EAFNOSUPPORT
# expects: raw: EPROTONOSUPPORT
# expects: raw with all flags: EPROTONOSUPPORT
# expects: ping: EPROTONOSUPPORT
# expects: multipath: EPROTONOSUPPORT
# expects: sctp: EPROTONOSUPPORT
# expects: upper layer: ENOPROTOOPT
# expects: congestion: ENOPROTOOPT
# expects: fast open: ENOPROTOOPT
# expects: signatures: ENOPROTOOPT
# expects: repair: ENOPROTOOPT
# expects: packet filter: ENOPROTOOPT
# expects: multicast: ENOPROTOOPT
# expects: mark: ENOPROTOOPT
# expects: device: ENOPROTOOPT
# expects: program: ENOPROTOOPT
# expects: zero copy: ENOPROTOOPT
# expects: busy poll: ENOPROTOOPT
# expects: real times: ENOPROTOOPT
# expects: cookie: ENOPROTOOPT
# expects: zero copy receive: ENOPROTOOPT
# expects: fast open by sending: EPERM
# expects: out of band: EPERM
# expects: devices: ENOTTY
# expects: lower the device: ENOTTY
# expects: descriptors in a message: EPERM
# control: inet6, unix, netlink, multicast, congestion, real times, devices
# why: a network of one's own is for streams and datagrams to oneself, and no way to the rest of the kernel's network
import array
import fcntl
import socket
import struct

from kit import attempt, call, say

STREAM, DATAGRAM, RAW, SEQPACKET = 1, 2, 3, 5
TCP, IP = 6, 0
one = socket.socket()
say("stream", "made")
other = socket.socket(type=DATAGRAM)
say("datagram", "made")
families = {"inet6": 10, "unix": 1, "netlink": 16, "packet": 17, "alg": 38, "vsock": 40, "xdp": 44}
for name, family in families.items():
    attempt(name, lambda family=family: call("socket", family, DATAGRAM if family not in (16, 17, 44) else RAW, 0))
attempt("raw", lambda: call("socket", 2, RAW, 1))
attempt("raw with all flags", lambda: call("socket", 2, RAW | 0x80800, 255))
attempt("ping", lambda: call("socket", 2, DATAGRAM, 1))
attempt("multipath", lambda: call("socket", 2, STREAM, 262))
attempt("sctp", lambda: call("socket", 2, STREAM, 132))
attempt("upper layer", lambda: one.setsockopt(TCP, 31, b"tls"))
attempt("congestion", lambda: one.setsockopt(TCP, 13, b"reno"))
attempt("fast open", lambda: one.setsockopt(TCP, 23, 5))
attempt("signatures", lambda: one.setsockopt(TCP, 14, bytes(216)))
attempt("repair", lambda: one.setsockopt(TCP, 19, 1))
attempt("packet filter", lambda: one.setsockopt(IP, 64, bytes(96)))
attempt("multicast", lambda: other.setsockopt(IP, 35, struct.pack("4s4s", bytes([224, 0, 0, 5]), bytes([127, 0, 0, 1]))))
attempt("mark", lambda: one.setsockopt(1, 36, 1))
attempt("device", lambda: one.setsockopt(1, 25, b"lo\0"))
attempt("program", lambda: one.setsockopt(1, 26, bytes(16)))
attempt("zero copy", lambda: one.setsockopt(1, 60, 1))
attempt("busy poll", lambda: one.setsockopt(1, 46, 1))
attempt("real times", lambda: one.getsockopt(TCP, 11, 104))
attempt("cookie", lambda: one.getsockopt(1, 57, 8))
attempt("zero copy receive", lambda: one.getsockopt(TCP, 35, 64))
attempt("fast open by sending", lambda: one.sendto(b"x", 0x20000000, ("127.0.0.1", 9)))
attempt("out of band", lambda: one.send(b"x", socket.MSG_OOB))
attempt("devices", lambda: fcntl.ioctl(one, 0x8912, struct.pack("iP", 0, 0)))
attempt("lower the device", lambda: fcntl.ioctl(one, 0x8914, struct.pack("16sH22x", b"lo", 0)))
mine, _ = socket.socketpair()
attempt("descriptors in a message", lambda: mine.sendmsg([b"x"], [(1, 1, array.array("i", [0]))]))
