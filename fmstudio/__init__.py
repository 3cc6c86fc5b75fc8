"""FM Studio: a foundation model's whole life on one machine, by point and click or from the command line."""

__version__ = "0.1.0"
