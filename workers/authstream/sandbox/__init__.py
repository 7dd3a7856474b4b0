"""Runs actions, which are other people's code, in processes of their own."""
