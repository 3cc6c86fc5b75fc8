"""Data selection: from files of any kind to documents, cleaned documents, tokens and memory-mapped shards."""
