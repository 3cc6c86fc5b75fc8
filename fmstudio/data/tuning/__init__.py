"""Examples to fine-tune on: conversations with the answers to learn, and answers that somebody judged."""
