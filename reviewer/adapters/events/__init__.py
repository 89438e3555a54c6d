"""Events of runs on their way to logs, figures, the audit trail and whoever listens."""
