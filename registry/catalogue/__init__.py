"""Reads of the catalogue: functions that take a session and return what was asked."""
