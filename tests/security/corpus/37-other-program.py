# runs-as: script
# limits: wallMs=400
# expects: end: wall
# why: what the first process turns into is still the first process
import os

# It waits for a writer that will never write, which takes for ever in every world; a sleep would not.
reader, writer = os.pipe()
os.dup2(reader, 0)
os.set_inheritable(writer, True)
# The name is the first argument: by it the host looks for what is left.
os.execvp("cat", [os.environ.get("ATTACK_MARK", "cat")])
