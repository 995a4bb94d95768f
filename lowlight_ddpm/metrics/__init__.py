"""Measures: how far an image's colours and structure are from another's, or a set's from a set's."""
