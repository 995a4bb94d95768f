"""The tab that makes one run, and shows it step by step."""
