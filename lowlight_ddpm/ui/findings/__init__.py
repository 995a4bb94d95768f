"""The tab Experiments."""
