"""Learning a policy by play."""
