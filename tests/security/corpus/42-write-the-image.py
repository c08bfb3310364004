# runs-as: script
# expects: harness: EACCES|EROFS
# expects: standard library: EACCES|EROFS
# expects: bytecode: EACCES|EROFS
# expects: new file: EROFS
# expects: remove: EROFS
# expects: device folder: EROFS
# expects: mode: EROFS
# expects: core_pattern: ENOENT
# expects: oom_score_adj: ENOENT
# expects: uid_map: ENOENT
# expects: control groups: ENOENT
# control: oom_score_adj, uid_map, core_pattern
# why: what the next sandbox is made of must not be this one's to change
import glob
import os

from kit import attempt


def write(path):
    with open(path, "r+b") as file:
        return file.write(b"#")


library = os.path.dirname(os.__file__)
harness = "/opt/sameseed/sameseed/play/referee.py"
bytecode = sorted(glob.glob(f"{library}/__pycache__/*.pyc"))[0]
attempt("harness", lambda: os.truncate(harness, 0))
attempt("standard library", lambda: os.truncate(os.__file__, 0))
attempt("bytecode", lambda: os.truncate(bytecode, 0))
attempt("new file", lambda: open("/opt/sameseed/sameseed/sitecustomize.py", "w"))
attempt("remove", lambda: os.remove(harness))
attempt("device folder", lambda: os.symlink("/tmp/x", "/dev/core"))
attempt("mode", lambda: os.chmod(harness, 0o777))
attempt("core_pattern", lambda: write("/proc/sys/kernel/core_pattern"))
attempt("oom_score_adj", lambda: write("/proc/self/oom_score_adj"))
attempt("uid_map", lambda: write("/proc/self/uid_map"))
attempt("control groups", lambda: os.listdir("/sys/fs/cgroup"))
