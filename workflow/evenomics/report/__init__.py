"""Figures and HTML pages, drawn from the very tables that a run writes out.

`figures` holds a module for each kind of figure, `pages` one for each kind of page. `style` holds
what all of them share: colours, titles, order. Modules are imported by name, so that a page does
not load what only figures need.
"""
