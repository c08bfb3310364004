# runs-as: script
# limits: processes=16
# expects: fork: EAGAIN after 15
# control: fork
# why: processes are the host's scarcest table; a bomb must hit its own sandbox's limit
import os
import signal

from kit import until_refused


def fork():
    if os.fork() == 0:
        signal.pause()


until_refused("fork", fork, 200)
