"""Figures, one module for each kind; each function takes tables and returns a figure."""
