"""The revisions that lead an old database to the present `gaswatch.stores.schema` (Alembic).

`gaswatch migrate` runs them (`gaswatch.stores.migrate`); a new one is drafted from the schema by
`python -m gaswatch.stores.migrations.draft` (see there).
"""
