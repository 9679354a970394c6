"""Read models of enrollment: tables that follow the own store."""
