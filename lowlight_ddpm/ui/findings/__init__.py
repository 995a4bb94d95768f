"""The tab that shows what was measured."""
