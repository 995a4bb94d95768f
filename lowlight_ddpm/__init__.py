"""See what a diffusion model does to a dark picture."""

__version__ = "0.1.0"
