"""The subcommands of `registry`, one module each, and what they share."""
