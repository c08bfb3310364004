# runs-as: script
# limits: cpuMs=300
# expects: end: cpu
# control-limits: wallMs=1500
# why: CPU time is what it may use, however long it waits for its turn
while True:
    pass
