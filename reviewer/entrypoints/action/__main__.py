"""Runs the Action: ``python -I -m reviewer.entrypoints.action``."""

from reviewer.entrypoints.action.program import main

if __name__ == "__main__":
    main()
