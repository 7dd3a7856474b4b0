"""Partitions are chosen as the Java client chooses them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authstream.broker.murmur2 import murmur2, partition_of

#: From UtilsTest.testMurmur2 of Apache Kafka, where ints are signed.
KNOWN = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("key", "number"), KNOWN.items())
def test_the_hash_is_that_of_the_java_client(key: bytes, number: int) -> None:
    """The vectors of Apache Kafka's own test."""
    assert murmur2(key) == number % 2**32


def test_a_negative_hash_is_made_positive_by_its_sign_bit() -> None:
    """`Utils.toPositive` clears the sign bit; it does not negate."""
    assert partition_of(b"21", 12) == (-973932308 & 0x7FFFFFFF) % 12


@given(key=st.binary(max_size=40), partitions=st.integers(1, 1000))
def test_a_partition_is_one_that_exists(key: bytes, partitions: int) -> None:
    """Any key goes to a partition from 0 up to the number of partitions."""
    assert 0 <= partition_of(key, partitions) < partitions
