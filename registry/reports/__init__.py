"""What tools write about a package: coverage, tests, lint, audits. Bytes in, figures out."""
