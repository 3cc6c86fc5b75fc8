"""The window around the panels: frame, navigation, menus, palette, job bar and list."""
