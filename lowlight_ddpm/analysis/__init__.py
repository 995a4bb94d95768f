"""Comparisons of runs: side by side, swept over settings, and taken apart by their causes."""
