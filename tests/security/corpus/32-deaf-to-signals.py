# runs-as: script
# limits: cpuMs=300
# expects: end: cpu
# control-limits: wallMs=1500
# why: ending a program must not need its consent
import signal

for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
while True:
    pass
