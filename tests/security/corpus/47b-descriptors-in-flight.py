# runs-as: script
# expects: in flight: EPERM after 0
# control: in flight
# why: descriptors that were sent and never received are in no process's table, and still count for the whole user
import os
import socket

from kit import until_refused

kept = []


def send():
    # A pair whose ends hold each other is found by the kernel's collector only.
    here, there = socket.socketpair()
    socket.send_fds(here, [b"."], [here.fileno(), there.fileno()])
    here.close()
    there.close()


sink = socket.socketpair()
sink[0].setblocking(False)
file = os.open("/dev/null", 0)


def hoard():
    socket.send_fds(sink[0], [b"."], [file])
    send()


until_refused("in flight", hoard, 2000)
