"""What programs can call: the endpoints, and how their parameters are described."""
