"""One run: from its settings to its images, its measures and the files that it leaves."""
