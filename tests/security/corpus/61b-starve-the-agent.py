# runs-as: command
# expects: the agent's CPU time: EACCES
# expects: the agent's files: EACCES
# expects: end: exit 0
# control: the agent's CPU time, the agent's files
# why: a command that ends its sandbox's first process from outside must not look like a failure of the host
import os
import resource

from kit import attempt

# Without a wall the first process is nobody's to touch; a child of its own stands for it there.
agent = 1 if os.getppid() == 1 else os.fork() or os._exit(0)
attempt("the agent's CPU time", lambda: resource.prlimit(agent, resource.RLIMIT_CPU, (0, 0)))
attempt("the agent's files", lambda: resource.prlimit(agent, resource.RLIMIT_NOFILE, (0, 0)))
