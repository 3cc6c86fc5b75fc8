"""Datasets of pictures: the wall, details, statistics, duplicates, drawing."""
