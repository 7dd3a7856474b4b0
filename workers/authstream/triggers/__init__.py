"""One file for each trigger; adding one is adding one file that names its `PLUGIN`."""
