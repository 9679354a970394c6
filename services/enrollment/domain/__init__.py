"""What enrollment decides, pure: units, classes, staff, children, rolls, attendance, imports."""
