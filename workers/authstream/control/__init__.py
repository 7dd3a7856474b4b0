"""Where actions and flows come from: a folder of files."""
