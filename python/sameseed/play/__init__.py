"""One episode, from its seed to its end: the referee, the environment, the seats."""
