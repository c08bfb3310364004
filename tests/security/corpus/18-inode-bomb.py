# runs-as: script
# limits: diskMb=64 memoryMb=512
# expects: shm: ENOSPC after 1000..1024
# expects: tmp: ENOSPC after 65000..65536
# control: shm, tmp
# why: a file without bytes still costs the kernel memory
import itertools
import os

from kit import until_refused

numbers = itertools.count()


def create(folder):
    os.close(os.open(f"{folder}/{next(numbers)}", os.O_CREAT | os.O_WRONLY))


until_refused("shm", lambda: create("/dev/shm"), 3000)
for name in os.listdir("/dev/shm"):
    os.remove(f"/dev/shm/{name}")
until_refused("tmp", lambda: create("/tmp"), 70_000)
