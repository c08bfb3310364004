"""What runs in a sandbox."""
