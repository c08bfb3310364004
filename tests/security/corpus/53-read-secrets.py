# runs-as: script
# expects: name: sandbox
# expects: user: 1000 1000
# expects[x64]: proc: cpuinfo
# expects[arm64]: proc: nothing
# expects: sys: nothing
# expects: homes: nothing
# expects: host's file: ENOENT
# expects: accounts: 2..4
# expects: network files: ENOENT
# expects: settings: nothing
# expects: arguments: 1
# control: name, proc
# why: whatever is there to be read is the image's or the sandbox's, of processors only what an x86-64 image says; nothing of it is the host's
import os
import sys

from kit import attempt, say


def listing(*paths):
    found = [name for path in paths if os.path.exists(path) for name in os.listdir(path)]
    return " ".join(sorted(found)) or "nothing"


say("name", os.uname().nodename)
say("user", f"{os.getuid()} {os.getgid()}")
say("proc", listing("/proc"))
say("sys", listing("/sys"))
say("homes", listing("/home", "/root", "/var", "/run"))
attempt("host's file", lambda: open(os.environ["ATTACK_HOST_FILE"]).read())
with open("/etc/passwd") as file:
    say("accounts", len(file.readlines()))
attempt("network files", lambda: open("/etc/resolv.conf").read())
settings = [name for name in (".npmrc", ".netrc", ".aws", ".ssh", ".config") if os.path.exists(os.path.expanduser(f"~/{name}"))]
say("settings", " ".join(settings) or "nothing")
say("arguments", len(sys.argv))
# Everything that is short enough to be a secret is handed to the host, which knows what it must not find there.
for folder, _, names in os.walk("/etc"):
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            os.write(2, file.read(65536))
os.write(2, repr(dict(os.environ)).encode())
