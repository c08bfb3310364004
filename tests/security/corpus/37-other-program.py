# runs-as: script
# limits: wallMs=400
# expects: end: wall
# why: what the first process turns into is still the first process
import os

# The name is the first argument: by it the host looks for what is left.
os.execvp("sleep", [os.environ.get("ATTACK_MARK", "sleep"), "86400"])
