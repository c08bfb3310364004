# runs-as: script
# limits: network=loopback
# expects: host's loopback: ECONNREFUSED
# expects: host's server: ECONNREFUSED
# expects: any port: none answers
# expects: metadata service: ENETUNREACH
# expects: neighbour: ENETUNREACH
# expects: broadcast: EACCES|ENETUNREACH
# expects: multicast: ENETUNREACH
# expects: datagram out: ENETUNREACH
# expects: a pair with names: EPROTONOSUPPORT
# expects: host's abstract socket: ECONNREFUSED|EINVAL|EISCONN
# expects: a name: gaierror
# control: metadata service, a pair with names, a name
# why: its loopback is its own: what listens on the host's, or in another sandbox, is not there
import os
import socket

from kit import attempt, say

port = int(os.environ.get("ATTACK_HOST_PORT", "22"))
attempt("host's loopback", lambda: socket.create_connection(("127.0.0.1", 22), 1))
attempt("host's server", lambda: socket.create_connection(("127.0.0.1", port), 1))
answering = []
for number in [*range(1, 1024), *range(3000, 3100), *range(5400, 5500), *range(8000, 9100), *range(32768, 33768)]:
    one = socket.socket()
    # A connection from the very port that it goes to meets itself (a TCP simultaneous open): nobody answered.
    if one.connect_ex(("127.0.0.1", number)) == 0 and one.getsockname() != one.getpeername():
        answering.append(number)
    one.close()
say("any port", f"escaped {answering}" if answering else "none answers")
attempt("metadata service", lambda: socket.create_connection(("169.254.169.254", 80), 1))
attempt("neighbour", lambda: socket.create_connection(("10.0.0.1", 80), 1))
datagrams = socket.socket(type=socket.SOCK_DGRAM)
attempt("broadcast", lambda: datagrams.sendto(b"x", ("255.255.255.255", 67)))
attempt("multicast", lambda: datagrams.sendto(b"x", ("224.0.0.251", 5353)))
attempt("datagram out", lambda: datagrams.sendto(b"x", ("8.8.8.8", 53)))
attempt("a pair with names", lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].bind("\0named"))
mine, _ = socket.socketpair()
attempt("host's abstract socket", lambda: mine.connect("\0/org/freedesktop/systemd1"))
attempt("a name", lambda: socket.create_connection(("example.com", 443), 1))
