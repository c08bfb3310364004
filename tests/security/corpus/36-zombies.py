# runs-as: script
# limits: processes=16
# expects: zombie: EAGAIN after 15
# control: zombie
# why: the dead that nobody buries still hold their places; they must be the sandbox's own
import os

from kit import until_refused


def zombie():
    if os.fork() == 0:
        os._exit(0)


until_refused("zombie", zombie, 200)
