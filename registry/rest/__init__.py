"""The documented REST routes, as Flask blueprints."""
