"""What nights are judged by: cells, series, verdicts, acceptances."""
