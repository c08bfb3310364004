# runs-as: script
# limits: wallMs=300
# expects: end: wall
# why: a program that does nothing must end too
import time

time.sleep(86_400)
