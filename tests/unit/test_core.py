# SPDX-License-Identifier: Apache-2.0
"""core: errors, registry, config, artefacts, seeds, units."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import Field

from iseul.core import config, registry, seed, units
from iseul.core.artifact import draft, hash_json, open_artifact
from iseul.core.errors import DataError, ToolError, UsageError
from iseul.core.parallel import Engine, Run
from iseul.targets import load_target, target_names


class Example(config.Config):
    ipc: int = Field(default=1, ge=1, description="samples per class")
    method: str = "x"


def test_an_error_says_what_to_try() -> None:
    assert (
        str(DataError("a.npz: is empty", "make it again"))
        == "a.npz: is empty\n  try: make it again"
    )
    assert "  | boom" in str(ToolError("cc failed", "install cc", ["boom"]))


def test_an_unknown_key_names_the_one_that_was_meant() -> None:
    with pytest.raises(UsageError, match=r'\[condense\] has no key "icp". did you mean "ipc"\?'):
        config.build(Example, {"icp": 2}, "condense")


@pytest.mark.parametrize("value", ["ten", 0, 1.5, None, [1]])
def test_a_wrong_value_names_key_value_and_meaning(value: object) -> None:
    with pytest.raises(UsageError) as error:
        config.build(Example, {"ipc": value}, "condense")
    assert "[condense] ipc" in str(error.value)
    assert repr(value) in str(error.value)
    assert "samples per class" in str(error.value)


def test_a_config_is_frozen() -> None:
    with pytest.raises(Exception, match="frozen"):
        Example().ipc = 3  # type: ignore[misc]


def test_broken_toml_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text("a = = 1")
    with pytest.raises(UsageError, match="not valid TOML"):
        config.read_toml(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="can not be read"):
        config.read_toml(path)


def test_the_registry_names_the_closest_entry() -> None:
    with pytest.raises(UsageError, match='did you mean "conv2d"'):
        registry.load("iseul.graph.ops", "conv2")
    assert "conv2d" in registry.names("iseul.graph.ops")
    assert not any(name.startswith("_") for name in registry.names("iseul.graph.ops"))


def test_an_artefact_is_whole_or_absent(tmp_path: Path) -> None:
    folder = tmp_path / "train"
    with pytest.raises(RuntimeError), draft(folder, "train", "x", "k") as made:
        (made.path / "model").write_text("half")
        raise RuntimeError
    assert open_artifact(folder) is None
    assert not folder.exists()
    with draft(folder, "train", "x", "k") as made:
        (made.path / "model").write_text("whole")
        made.metrics["accuracy"] = 0.5
    artifact = open_artifact(folder)
    assert artifact is not None
    assert artifact.metrics["accuracy"] == 0.5
    (folder / "model").write_text("changed")
    assert open_artifact(folder) is None


def test_an_artefacts_hash_depends_on_its_files_only(tmp_path: Path) -> None:
    hashes = []
    for name in ("a", "b"):
        with draft(tmp_path / name, "s", "m", "k") as made:
            (made.path / "f").write_text("same")
        found = open_artifact(tmp_path / name)
        assert found is not None
        hashes.append(found.hash)
    assert hashes[0] == hashes[1]
    assert json.loads((tmp_path / "a" / "stage.json").read_text())["hash"] == hashes[0]


def test_a_killed_stage_does_not_disturb_the_older_artefact(tmp_path: Path) -> None:
    with draft(tmp_path / "s", "s", "m", "1") as made:
        (made.path / "f").write_text("old")
    with pytest.raises(KeyboardInterrupt), draft(tmp_path / "s", "s", "m", "2") as made:
        (made.path / "f").write_text("new")
        raise KeyboardInterrupt
    kept = open_artifact(tmp_path / "s")
    assert kept is not None
    assert kept.key == "1"


def test_seeds_depend_on_their_path_only() -> None:
    assert seed.derive(0, "a", 1) == seed.derive(0, "a", 1)
    assert len({seed.derive(0, "a"), seed.derive(0, "b"), seed.derive(1, "a")}) == 3
    assert np.array_equal(
        seed.generator(0, "x").integers(9, size=5), seed.generator(0, "x").integers(9, size=5)
    )
    assert hash_json({"a": 1, "b": 2}) == hash_json({"b": 2, "a": 1})


def test_units_read_well() -> None:
    assert units.show_bytes(999) == "999 B"
    assert units.show_bytes(25_088) == "25.1 kB"
    assert units.show_count(2_656_768) == "2.66 M"
    assert units.show_seconds(185) == "3 min 05 s"
    assert units.show_energy(1430) == "1.43 mJ"
    assert units.show_percent(0.9153) == "91.53 %"


@pytest.mark.parametrize("name", target_names())
def test_every_board_states_its_sources(name: str) -> None:
    target = load_target(name)
    assert target.sources
    assert target.isas[-1] == "c"
    if target.energy is not None:
        energy = target.energy
        assert energy.low_nj_per_cycle <= energy.mid_nj_per_cycle <= energy.high_nj_per_cycle
        assert energy.source


def test_an_unknown_board_names_the_closest() -> None:
    with pytest.raises(UsageError, match='did you mean "nucleo-l4r5zi"'):
        load_target("nucleo-l4r5z")


@pytest.mark.parametrize(("given", "threads"), [({"threads": 3}, 3), ({"engine": "ray"}, 1)])
def test_what_is_timed_computes_with_a_pieces_threads(
    given: dict[str, object], threads: int
) -> None:
    before = torch.get_num_threads()
    with pytest.raises(KeyError), Engine(Run.model_validate(given)).probed():
        assert torch.get_num_threads() == threads
        raise KeyError
    assert torch.get_num_threads() == before
