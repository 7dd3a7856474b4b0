"""Executions for people who ask later: an index of what ran, searched, and told in words."""
