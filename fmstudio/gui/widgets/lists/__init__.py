"""Lists, tables and their menus."""
