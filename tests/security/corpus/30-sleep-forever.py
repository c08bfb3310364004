# runs-as: script
# limits: wallMs=300
# expects[host]: end: wall
# expects[sealed]: end: exit 0
# why: a program that does nothing must end too; in a sealed world a day of sleep is over at once
import time

time.sleep(86_400)
