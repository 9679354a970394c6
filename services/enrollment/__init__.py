"""学籍与考勤: children, schools, classes, rolls, absence, leave, imports."""
