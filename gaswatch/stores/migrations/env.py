"""Run by Alembic for each command; the connection comes from the caller, never from a configuration file."""

from alembic import context

from gaswatch.stores.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite can't alter a table in place
)
with context.begin_transaction():
    context.run_migrations()
