"""One thing of the world changed, and the line that depends on it."""
