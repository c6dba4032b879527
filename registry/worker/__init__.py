"""What each kind of job does, and the processes that do it."""
