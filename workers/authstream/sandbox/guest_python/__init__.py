"""The program inside a Python guest: standard library only, nothing of ours outside this folder."""
