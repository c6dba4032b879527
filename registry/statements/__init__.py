"""How reads have the database do their work: statements compiled once, JSON written by it."""
