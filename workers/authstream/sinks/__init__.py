"""One file for each place that keeps metadata; adding one is adding a file with a `PLUGIN`."""
