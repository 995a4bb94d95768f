"""The tab that shows what betas do."""
