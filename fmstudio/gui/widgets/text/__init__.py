"""Text as it streams and as tokens."""
