"""Ways to run a language model: our decoder in torch, and llama.cpp for GGUF files."""
