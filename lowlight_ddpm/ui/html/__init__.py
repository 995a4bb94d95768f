"""Pieces of HTML that are made of tensors and figures: images, charts and marks."""
