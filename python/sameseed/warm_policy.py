"""The throwaway policy that `warm` plays against."""


def act(observation, rng):
    """Any action will do."""
    return int(rng.integers(2)) if hasattr(rng, "integers") else rng.randrange(2)
