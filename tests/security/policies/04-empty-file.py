# verdict: no_policy
# at: 1
# says: choose_action
# why: the smallest file there is

