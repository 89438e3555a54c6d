"""What a review is: pure values and functions, with no I/O, clock, network or logger."""
