"""Reading strangers' spreadsheets: from bytes of any origin to clean rows, faults and questions."""
