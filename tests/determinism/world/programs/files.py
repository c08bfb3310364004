"""What a program sees of files and of the machine's names, as JSON."""

import json
import os
import shutil
import socket
import sys
import time

os.makedirs("/tmp/files/sub")
os.chdir("/tmp/files")
for name in ["zz", "a", "B", ".hidden", "m1", "m0", "é", *(f"{n * 7919 % 1000:03}" for n in range(200))]:
    with open(name, "w") as file:
        file.write(name)


def load():
    try:
        return os.getloadavg()
    except OSError:
        return None


def status(path):
    found = os.stat(path)
    return [
        found.st_mtime_ns, found.st_atime_ns, found.st_ctime_ns, found.st_dev, found.st_ino, found.st_nlink,
        found.st_size, found.st_blocks,
    ]  # fmt: skip


seen = {}
folder = os.open(".", os.O_RDONLY)
seen["listings"] = [os.listdir("."), [e.name for e in os.scandir(".")], os.listdir(folder), os.listdir(folder)]
seen["walk"] = [names for _, _, names in os.walk("/tmp/files")]
seen["statuses"] = {name: status(name) for name in os.listdir(".")}
seen["kept"] = {name: status(name) for name in os.listdir(".")} == seen["statuses"]
before = os.stat("a").st_mtime_ns
with open("a", "a") as file:
    file.write("more")
seen["changed"] = [os.stat("a").st_mtime_ns > before, os.stat("a").st_mtime_ns == os.stat("a").st_mtime_ns]
os.utime("B")
seen["touched"] = [os.stat("B").st_mtime_ns > before, os.stat("B").st_mtime <= time.time()]
os.utime("B", (5, 1_700_000_000))
seen["set"] = [os.stat("B").st_mtime, os.stat("B").st_atime]
seen["image"] = [status(path)[:3] for path in (sys.executable, "/", os.__file__)]
seen["pipes"] = [status(end) for pair in (os.pipe(), os.pipe()) for end in pair]
seen["root"] = sorted(os.listdir("/")) == os.listdir("/")
seen["names"] = [*os.uname(), socket.gethostname()]
seen["cpus"] = [os.cpu_count(), sorted(os.sched_getaffinity(0)), load(), os.sysconf("SC_PHYS_PAGES")]
seen["disk"] = list(shutil.disk_usage("/tmp"))
seen["pid"] = [os.getpid(), os.getppid()]
seen["now"] = time.time()
print(json.dumps(seen))
