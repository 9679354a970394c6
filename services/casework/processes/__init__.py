"""What casework does by itself when something happens elsewhere."""
