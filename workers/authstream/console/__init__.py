"""The console in the browser: flows, actions, test runs, executions, over the admin API alone."""
