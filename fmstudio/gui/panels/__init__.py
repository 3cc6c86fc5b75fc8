"""One file a panel. A file added here appears in the navigation by itself."""
