# verdict: no_policy
# at: 1
# says: choose_action
# why: a name alone is not a function
choose_action = 4
