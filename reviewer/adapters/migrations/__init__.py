"""The revisions of the database, oldest first; each one can be taken back."""
