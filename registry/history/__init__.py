"""What git knows: commits, which packages they touched, versions and tags."""
