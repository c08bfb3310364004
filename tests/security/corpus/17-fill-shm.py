# runs-as: script
# limits: diskMb=4 memoryMb=64
# expects: fill: ENOSPC after 60..64
# expects: execute: EACCES
# control: execute, fill
# why: /dev/shm is a file system of the sandbox's own, bounded, and nothing in it can be executed
import os
import shutil

from kit import attempt, until_refused

names = iter(range(1000))


def fill():
    with open(f"/dev/shm/part-{next(names)}", "wb", buffering=0) as file:
        if file.write(bytes(65536)) < 65536:
            file.write(bytes(65536))


shutil.copy(os.path.realpath("/bin/sh"), "/dev/shm/sh")
os.chmod("/dev/shm/sh", 0o755)
attempt("execute", lambda: os.posix_spawn("/dev/shm/sh", ["sh", "-c", "exit 0"], {}))
os.remove("/dev/shm/sh")
until_refused("fill", fill, 400)
for name in os.listdir("/dev/shm"):
    os.remove(f"/dev/shm/{name}")
