"""Assembles classic BPF programs for seccomp: instructions as tuples, blocks as lists of them."""

from __future__ import annotations

import struct

#: code, jump if true, jump if false, operand; linux/filter.h.
Instruction = tuple[int, int, int, int]
Block = list[Instruction]

_LOAD_WORD, _AND, _JUMP_EQUAL, _JUMP_GREATER_OR_EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_FORMAT = struct.Struct("=HBBI")
_LONGEST_JUMP = 255
#: Offsets in `struct seccomp_data`.
NUMBER, ARCHITECTURE, _ARGUMENTS = 0, 4, 16

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
USER_NOTIFICATION = 0x7FC00000
_ERRNO = 0x00050000


def errno_action(number: int) -> int:
    """The action that makes a call fail with an errno."""
    return _ERRNO | number


def load(offset: int) -> Block:
    """A word of `struct seccomp_data` into the accumulator."""
    return [(_LOAD_WORD, 0, 0, offset)]


def load_argument(index: int) -> Block:
    """The low 32 bits of an argument: all that the kernel reads of an int (little endian)."""
    return load(_ARGUMENTS + 8 * index)


def keep_bits(mask: int) -> Block:
    """The accumulator, masked."""
    return [(_AND, 0, 0, mask)]


def give(action: int) -> Block:
    """The end: an action."""
    return [(_RETURN, 0, 0, action)]


def if_equal(value: int, then: Block) -> Block:
    """`then`, which must end, if the accumulator is the value; else on."""
    return [(_JUMP_EQUAL, 0, _checked(then), value), *then]


def if_at_least(value: int, then: Block) -> Block:
    """`then`, which must end, if the accumulator is the value or more; else on."""
    return [(_JUMP_GREATER_OR_EQUAL, 0, _checked(then), value), *then]


def unless_equal(value: int, then: Block) -> Block:
    """`then`, which must end, if the accumulator is not the value; else on."""
    return [(_JUMP_EQUAL, _checked(then), 0, value), *then]


def assemble(block: Block) -> bytes:
    """The bytes of `struct sock_filter[]`."""
    return b"".join(_FORMAT.pack(*instruction) for instruction in block)


def _checked(block: Block) -> int:
    if len(block) > _LONGEST_JUMP:
        raise ValueError(f"a jump over {len(block)} instructions is longer than {_LONGEST_JUMP}")
    return len(block)
