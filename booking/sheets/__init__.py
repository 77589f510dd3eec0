"""What each report looks like: its plots, and the tables that the page shows and the CSV files repeat."""
