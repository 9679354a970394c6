"""What audit makes of what it follows: the entries themselves, and what finds them."""
