# verdict: cpu_limit
# at: 1
# clocks: bankCpuMs=400 moveCpuMs=400
# why: loading is on the clock too; otherwise it is the place to hide a loop in
while True:
    pass
