# runs-as: script
# times: 2
# expects[sealed]: devices: same
# expects[sealed]: own files: same
# expects[sealed]: pipes: same
# expects[sealed]: mounts: same
# expects[sealed]: times: same
# expects[sealed]: space: same
# expects[sealed]: names: same
# expects[sealed]: processors: same
# expects[host]: devices: any
# expects[host]: own files: any
# expects[host]: pipes: any
# expects[host]: mounts: any
# expects[host]: times: any
# expects[host]: space: any
# expects[host]: names: any
# expects[host]: processors: any
# why: numbers that the machine gives to mounts, devices and pipes differ from run to run, and tell runs and machines apart
import ctypes
import hashlib
import os

from kit import libc, say

PATHS = ("/", "/tmp", "/dev", "/dev/shm", "/dev/null")


def digest(*values):
    """One word for many, so that it can be compared."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]


def mount_of(path):
    told = ctypes.create_string_buffer(256)
    if libc.statx(-100, path.encode(), 0, 0x1000 | 0x7FF, told) < 0:
        raise OSError(ctypes.get_errno(), "statx")
    return told.raw[136:160].hex()


for number in range(3):
    with open(f"/tmp/file{number}", "w") as file:
        file.write("own")
ends = [os.pipe() for _ in range(3)]
say("devices", digest([os.stat(path).st_dev for path in PATHS], [os.stat(path).st_rdev for path in PATHS]))
say("own files", digest([os.stat(f"/tmp/file{number}").st_ino for number in range(3)], os.listdir("/tmp")))
say("pipes", digest([(os.fstat(end).st_ino, os.fstat(end).st_dev) for pair in ends for end in pair]))
say("mounts", digest([mount_of(path) for path in PATHS]))
say("times", digest([(os.stat(path).st_mtime_ns, os.stat(path).st_ctime_ns) for path in PATHS]))
say("space", digest([tuple(os.statvfs(path)) for path in PATHS]))
say("names", digest(tuple(os.uname()), os.getpid(), os.getppid(), os.getpgid(0), os.getsid(0)))
say("processors", digest(os.cpu_count(), sorted(os.sched_getaffinity(0))))
