"""个案: alerts, cases, visits, returns, reports."""
