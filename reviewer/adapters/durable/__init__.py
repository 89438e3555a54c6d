"""The durable engine: DBOS Transact over SQLite or PostgreSQL."""
