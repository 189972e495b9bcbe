"""What is timed: each row is a ratio against a peer in the same run."""
