"""Looking inside: jobs that show how a trained family works, step by step, and never change what was trained."""
