# runs-as: collected
# limits: wallMs=30000
# expects: device: EPERM
# expects: collect fifo: EINVAL
# expects: collect folder: EISDIR
# expects: collect link: ENOENT
# expects: collect huge: file
# expects: collect unreadable: EACCES
# why: a host that reads what a sandbox left must not wait for a pipe that nobody writes, nor open a device
import os
import stat

from kit import attempt, say, stay

os.mkdir("/tmp/out")
os.chdir("/tmp/out")
os.mkfifo("fifo")
os.mkdir("folder")
os.symlink(os.environ["ATTACK_HOST_FILE"], "link")
with open("huge", "wb") as file:
    file.write(bytes(1 << 20))
with open("unreadable", "w"):
    pass
os.chmod("unreadable", 0)
attempt("device", lambda: os.mknod("device", stat.S_IFBLK | 0o666, os.makedev(8, 0)))
say("ready", "yes")
stay()
