"""The tab that makes several runs: side by side, over sixteen images, and swept over settings."""
