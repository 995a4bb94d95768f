"""The tab Findings."""
