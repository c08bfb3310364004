# verdict: crash
# at: 1
# says: not today
# why: a policy fails before it was asked anything
raise RuntimeError("not today")
