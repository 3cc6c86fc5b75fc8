"""Files that a person chose: which kinds, and which were left out."""
