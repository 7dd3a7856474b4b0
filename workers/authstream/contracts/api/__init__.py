"""Every method an action may call on `api`: one table, in parts by object, and its checks."""

from authstream.contracts.api.check import Operation, check_command, check_query, operation
from authstream.contracts.api.method import Effect, Method
from authstream.contracts.api.table import METHODS, methods, python_path, to_guest
from authstream.contracts.api.triggers import TRIGGERS, trigger_id
from authstream.contracts.parameter import CommandRefusedError, Forbidden, Parameter

__all__ = [
    "METHODS",
    "TRIGGERS",
    "CommandRefusedError",
    "Effect",
    "Forbidden",
    "Method",
    "Operation",
    "Parameter",
    "check_command",
    "check_query",
    "methods",
    "operation",
    "python_path",
    "to_guest",
    "trigger_id",
]
