# SPDX-License-Identifier: Apache-2.0
"""What a linked image holds: segments to load, symbols, sizes of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from elftools.elf.elffile import ELFFile

from iseul.core.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Image:
    """A linked image.

    segments: (address, bytes) to put into memory before the first call
    symbols:  name -> address of functions (Thumb bit cleared) and objects
    sizes:    name -> bytes, as the symbol table says
    sections: name -> bytes of each allocated section
    ram_end:  first address in RAM behind everything that was placed there
    """

    segments: tuple[tuple[int, bytes], ...]
    symbols: Mapping[str, int]
    sizes: Mapping[str, int]
    sections: Mapping[str, int]
    ram_end: int

    def address(self, symbol: str) -> int:
        """Raises ToolError if the image has no such symbol."""
        if symbol not in self.symbols:
            raise ToolError(f'the linked image has no symbol "{symbol}"')
        return self.symbols[symbol]

    def read(self, address: int, n_bytes: int) -> bytes:
        """What was linked at an address. Raises ToolError outside of the image."""
        found = self.read_up_to(address, n_bytes)
        if len(found) < n_bytes:
            raise ToolError(f"the linked image holds no {n_bytes} bytes at {address:#010x}")
        return found

    def read_up_to(self, address: int, n_bytes: int) -> bytes:
        """As `read`, fewer where the image ends."""
        for start, data in self.segments:
            if start <= address < start + len(data):
                return data[address - start : address - start + n_bytes]
        return b""

    def function_at(self, address: int) -> str:
        """Name of the function or object around an address, or the address itself."""
        for name, start in self.symbols.items():
            if start <= address < start + self.sizes[name]:
                return name
        return hex(address)


def read_image(path: Path) -> Image:
    """Read an ELF file."""
    with path.open("rb") as file:
        elf = ELFFile(file)
        segments = tuple(
            (segment["p_vaddr"], segment.data())
            for segment in elf.iter_segments("PT_LOAD")
            if segment["p_filesz"]
        )
        table: Any = elf.get_section_by_name(".symtab")
        symbols: dict[str, int] = {}
        sizes: dict[str, int] = {}
        for symbol in table.iter_symbols():
            kind = symbol["st_info"]["type"]
            if kind in ("STT_FUNC", "STT_OBJECT", "STT_NOTYPE") and symbol.name:
                mask = ~1 if kind == "STT_FUNC" else ~0
                symbols[symbol.name] = symbol["st_value"] & mask
                sizes[symbol.name] = symbol["st_size"]
        sections = {
            section.name: section["sh_size"]
            for section in elf.iter_sections()
            if section["sh_flags"] & 2  # SHF_ALLOC
        }
    return Image(segments, symbols, sizes, sections, symbols["iseul_ram_end"])


def undefined_symbols(path: Path) -> set[str]:
    """Names that an object refers to and does not define."""
    return {name for name, is_defined in _linked_names(path) if not is_defined}


def defined_symbols(path: Path) -> set[str]:
    """Names of global functions and objects that an object defines."""
    return {name for name, is_defined in _linked_names(path) if is_defined}


def _linked_names(path: Path) -> list[tuple[str, bool]]:
    """(name, whether it is defined here) of each symbol that takes part in linking."""
    with path.open("rb") as file:
        table: Any = ELFFile(file).get_section_by_name(".symtab")
        return [
            (symbol.name, symbol["st_shndx"] != "SHN_UNDEF")
            for symbol in table.iter_symbols()
            if symbol.name and symbol["st_info"]["bind"] != "STB_LOCAL"
        ]
