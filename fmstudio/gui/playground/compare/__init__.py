"""Two to four models, prompts or settings side by side."""
