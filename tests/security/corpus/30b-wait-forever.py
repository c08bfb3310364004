# runs-as: script
# limits: wallMs=300
# expects: end: wall
# why: a wait that no clock ends is real in every world, and must end too
from kit import stay

stay()
