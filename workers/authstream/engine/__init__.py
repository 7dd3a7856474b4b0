"""The rules, pure: what runs, what later actions see, and how commands become one verdict."""
