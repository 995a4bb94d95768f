"""Networks: how one is built, how its input is normalized, and the folders that hold it with its record."""
