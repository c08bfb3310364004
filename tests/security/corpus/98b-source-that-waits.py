# runs-as: policy
# limits: wallMs=900
# expects: end: wall_limit by policy limit
# why: a trace shows lines of the source; where the source is a pipe that nobody writes, reading it never ends
import os

os.mkfifo("/tmp/source.py")
exec(compile("def fail():\n    raise ValueError('x')\n", "/tmp/source.py", "exec"))


def act(observation, rng):
    fail()  # noqa: F821
