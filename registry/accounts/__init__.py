"""Authors, their tokens, and what they published."""
