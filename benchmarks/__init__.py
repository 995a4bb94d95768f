"""What the system stands, and how fast it is: measured by commands that anyone can repeat."""
