"""Synthetic images: butterflies and fruit that our own code draws, the same for the same number."""
