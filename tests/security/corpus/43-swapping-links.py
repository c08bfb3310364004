# runs-as: collected
# expects: racing: yes
# expects: collect artefact: file|ENOENT|ELOOP|EISDIR|EINVAL
# expects: collect artefact.next: file|ENOENT|ELOOP|EISDIR|EINVAL
# why: a path that is a file when it is looked at and a link when it is opened must lead nowhere but inside
import os

from kit import say

os.mkdir("/tmp/out")
target = os.environ["ATTACK_HOST_FILE"]
with open("/tmp/out/artefact", "w") as file:
    file.write("own")
say("racing", "yes")
say("ready", "yes")
while True:
    for where in (target, "/tmp/out", None):
        if where is None:
            with open("/tmp/out/artefact.next", "w") as file:
                file.write("own")
        else:
            os.symlink(where, "/tmp/out/artefact.next")
        os.rename("/tmp/out/artefact.next", "/tmp/out/artefact")
