"""Training: the loop, its optimizer and its saved state, and what a checkpoint records of it."""
