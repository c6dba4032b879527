"""Where artifacts are kept: one small behaviour, a directory or an S3-compatible store."""
