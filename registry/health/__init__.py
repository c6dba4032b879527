"""Writes of health: reports and builds as they come, scores and their history."""
