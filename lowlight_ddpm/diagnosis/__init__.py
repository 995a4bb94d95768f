"""What is wrong with the colours of a diffusion model, why, how much, and what to change: of any model."""
