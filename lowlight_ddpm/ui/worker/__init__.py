"""Where networks run for the page: one at a time, within limits, logged, on a GPU where one is lent."""
