"""What the program does, one verb to a module; the three doors call these and nothing else."""
