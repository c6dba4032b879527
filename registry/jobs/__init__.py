"""Work that outlives a request: a table of jobs, and the queue that wakes the workers."""
