"""Rating an output: thumbs, score, tags, comment, correction."""
