"""The pages of casework: first-page parts, alerts, the ledger of cases, one case, its forms."""
