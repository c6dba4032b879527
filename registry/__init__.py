"""Every package of a git monorepo and everything its authors publish, over REST and GraphQL."""

__version__ = "0.1.0"
