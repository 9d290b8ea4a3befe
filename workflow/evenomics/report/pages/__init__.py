"""HTML pages that need nothing but a browser, one module for each kind."""
