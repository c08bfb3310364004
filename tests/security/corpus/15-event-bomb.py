# runs-as: script
# expects: eventfd: EMFILE after 252
# expects[own]: epoll: EMFILE after 252
# expects[shared]: epoll: EPERM after 0
# expects[host]: timerfd: EMFILE after 252
# expects[sealed]: timerfd: EMFILE after 128
# control: eventfd, epoll, timerfd
# why: descriptors without files use kernel memory, and count like all others
import os
import select

from kit import call, until_refused

kept = []


def keep_event():
    kept.append(os.eventfd(0))


def release():
    os.closerange(4, 4096)


until_refused("eventfd", keep_event, 2000)
release()
epolls = []
until_refused("epoll", lambda: epolls.append(select.epoll()), 2000)
for each in epolls:
    each.close()
CLOCK_MONOTONIC = 1
until_refused("timerfd", lambda: call("timerfd_create", CLOCK_MONOTONIC, 0), 2000)
