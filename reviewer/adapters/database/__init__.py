"""The database of the program: the only place that knows SQLAlchemy and Alembic."""
