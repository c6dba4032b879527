"""The engine: below a root field, a selection becomes one SQL statement that returns its JSON.

`docs/graphql-engine.md` walks one query through these files.
"""
