"""What is wrong: found by comparing rows, kept with few writes."""
