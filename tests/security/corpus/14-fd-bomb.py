# runs-as: script
# expects: open: EMFILE after 252
# control: open
# why: descriptors are the host's; 256 a process, of which four are its streams
import os

from kit import until_refused

until_refused("open", lambda: os.open("/dev/null", 0), 2000)
