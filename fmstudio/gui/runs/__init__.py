"""What the window knows of runs: their states, curves and samples."""
