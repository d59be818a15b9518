"""My Numbers (個人番号): a store of their own, found and never shown."""

from gateway.my_numbers.files import NumberFile, NumberRow, read_number_file
from gateway.my_numbers.loading import GroupLoad, LoadCounts, NumberLoader, NumberLoadError
from gateway.my_numbers.matching import NumberMatching, NumberMatchingRooms
from gateway.my_numbers.sealing import Place, SealBroken
from gateway.my_numbers.service import MyNumberOffice, MyNumbers, NumberImport
from gateway.my_numbers.store import MyNumberStore, NumbersUnavailable

__all__ = [
    "GroupLoad",
    "LoadCounts",
    "MyNumberOffice",
    "MyNumberStore",
    "MyNumbers",
    "NumberFile",
    "NumberImport",
    "NumberLoadError",
    "NumberLoader",
    "NumberMatching",
    "NumberMatchingRooms",
    "NumberRow",
    "NumbersUnavailable",
    "Place",
    "SealBroken",
    "read_number_file",
]
