"""One file for each kind of side effect; adding one is adding one file that names its `PLUGIN`."""
