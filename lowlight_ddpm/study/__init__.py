"""The study: the protocol, its results, and the verdicts on the post's claims."""
