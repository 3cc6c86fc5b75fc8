"""Stage 3: use a model for a task without training it: prompts, batches, and answers from documents (RAG)."""
