"""One module for each kind of page; each returns the page's text."""
