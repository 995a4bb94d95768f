"""What several tabs are built of: inputs, players, launchers, and a run as panels."""
