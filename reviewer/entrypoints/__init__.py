"""The doors: the command line now; the Action and the App later."""
