"""The reverse process: schedules, samplers, corrections, and the trajectory of one run."""
