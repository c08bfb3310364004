# runs-as: script
# expects: no new privileges: 1
# expects: capabilities: 0 0
# expects: setuid copy: exit 0
# expects: change owner: EINVAL|EPERM
# expects: file capability: ENOTSUP
# expects: become root: EPERM
# expects: become another: EPERM
# expects: other groups: EPERM
# expects: setuid files: 0
# control: file capability, become root, become another
# why: nothing that a sandbox can make or find gives it a right it has not
import ctypes
import os
import shutil

from kit import attempt, call, child, libc, say

capget = 125 if os.uname().machine == "x86_64" else 90


def capabilities():
    data = (ctypes.c_uint32 * 6)()
    libc.syscall(capget, (ctypes.c_uint32 * 2)(0x20080522, 0), data)
    return f"{sum(data)} {sum(libc.prctl(23, number, 0, 0, 0) == 1 for number in range(64))}"


def run_copy():
    os.environ["LD_PRELOAD"] = "/tmp/none.so"
    line = f'test "$(id -u) $(id -g)" = "{os.getuid()} {os.getgid()}"'
    os.execv("/tmp/setuid-sh", ["sh", "-c", line])


say("no new privileges", libc.prctl(39, 0, 0, 0, 0))
say("capabilities", capabilities())
shutil.copy(os.path.realpath("/bin/sh"), "/tmp/setuid-sh")
os.chmod("/tmp/setuid-sh", 0o6755)
say("setuid copy", child(run_copy))
attempt("change owner", lambda: os.chown("/tmp/setuid-sh", 0, 0))
capability = b"\x01\x00\x00\x02" + b"\xff" * 16
attempt("file capability", lambda: call("setxattr", b"/tmp/setuid-sh", b"security.capability", capability, 20, 0))
attempt("become root", lambda: os.setuid(0))
attempt("become another", lambda: os.setresuid(1001, 1001, 1001))
attempt("other groups", lambda: os.setgroups([0]))
found = 0
for folder, _, names in os.walk("/"):
    if not folder.startswith("/tmp"):
        found += sum(os.lstat(os.path.join(folder, name)).st_mode & 0o6000 != 0 for name in names)
say("setuid files", found)
