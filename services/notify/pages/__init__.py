"""The pages of notify: the inbox, and its part of the first page."""
