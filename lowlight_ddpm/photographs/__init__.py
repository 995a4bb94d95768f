"""Photographs that are too dark: brightened and denoised without a network."""
