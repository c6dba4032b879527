"""The demo workspace, its author and their publications."""
