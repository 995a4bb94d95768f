"""The tab that takes a run's shift apart."""
