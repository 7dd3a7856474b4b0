"""The admin HTTP API: the operations of the control plane for programs, with roles and audit."""
