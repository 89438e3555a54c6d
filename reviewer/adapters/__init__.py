"""The outside, one thing to a folder; none knows another."""
