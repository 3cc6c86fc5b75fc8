"""The window: panels, widgets and the timer that feeds them. It asks for work by job requests and imports no stage."""
