"""Networks: how one is built, what scale it works in, and the folders that hold it with its record."""
