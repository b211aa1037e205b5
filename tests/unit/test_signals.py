# SPDX-License-Identifier: Apache-2.0
"""Sounds and series: front end, data sets, transforms, tasks, matching in one dimension."""

import csv
import io
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from iseul.condense import _augment_time, subset_match
from iseul.condense._gradients import group_gradients
from iseul.condense._networks import embed, record
from iseul.condense._problem import TRANSFORMS, Problem
from iseul.condense._tasks import ANOMALY, forecasting, network_sides, problem_of, task_of
from iseul.core.errors import DataError, ShapeError
from iseul.data import _given
from iseul.data._batch import Samples, Splits
from iseul.data._log_mel import FrontEnd, front_end, log_mel, mel_tables, run_frames
from iseul.data.sets import ecg5000, etth1, motor_sounds, speech_commands, spoken_digits
from iseul.graph.interpret import interpret_samples
from iseul.graph.read import tflite
from iseul.models import autoencoder, convnet, dlinear
from iseul.models._seed import seeded

FRONTS = (FrontEnd(16000), FrontEnd(8000, high_hz=3800.0, fft_length=256))


@pytest.mark.parametrize("front", FRONTS)
def test_frames_at_once_are_the_oracle_frame_by_frame(front: FrontEnd) -> None:
    rng = np.random.default_rng(0)
    loud = np.exp(rng.uniform(0, 11, (24, 1)))
    frames = (rng.normal(size=(24, front.window)) * loud).clip(-(2**15), 2**15 - 1)
    frames[:4] = np.array([[0], [-(2**15)], [2**15 - 1], [1]])
    frames = frames.astype(np.int16)
    graph = front_end(front)
    expected = interpret_samples(graph, [frames]).outputs[0]
    assert np.array_equal(run_frames(graph, frames), expected)
    assert expected.min() == -128 and expected.max() > 60


def test_a_tone_lights_its_band_and_a_louder_one_lies_higher_by_its_nepers() -> None:
    front = FRONTS[0]
    time = np.arange(16000) / 16000
    quiet = np.round(1000 * np.sin(2 * np.pi * 1000 * time)).astype(np.int16)
    features = log_mel(np.stack([quiet, quiet * 8]), front).astype(int)
    assert features.shape == (2, 49, 40)
    tables = mel_tables(front)
    bin_of_tone = 1000 * 512 // 16000
    band = next(
        i - 1
        for i, (first, width) in enumerate(zip(tables[2], tables[4], strict=True))
        if first <= bin_of_tone < first + width
    )
    assert abs(int(features[0].mean(0).argmax()) - band) <= 1
    rise = (features[1] - features[0])[:, band].mean()
    assert rise == pytest.approx(16 * np.log(8), abs=1)


def test_mel_bank_is_that_of_tflite_micro(shared_data: Path) -> None:
    graph = tflite.read(shared_data / "models/tflite/tflm_audio_preprocessor_int8.tflite")
    node = next(node for node in graph.nodes if node.op == "filter_bank")
    weights, unweights, first, at, width = (
        np.asarray(value.data, np.int64) for value in graph.io(node).inputs[1:]
    )
    ours = [table.astype(np.int64) for table in mel_tables(FRONTS[0])]
    ours = [*(np.append(table, np.zeros(20, np.int64)) for table in ours[:2]), *ours[2:]]
    for i in range(41):
        spread = np.zeros((2, 2, 257), np.int64)
        spread[0, :, first[i] : first[i] + width[i]] = (
            weights[at[i] : at[i] + width[i]],
            unweights[at[i] : at[i] + width[i]],
        )
        own = slice(ours[3][i], ours[3][i] + ours[4][i])
        spread[1, :, ours[2][i] : ours[2][i] + ours[4][i]] = ours[0][own], ours[1][own]
        assert np.abs(spread[0] - spread[1]).max() <= 1  # theirs are made in float32


@pytest.mark.parametrize("module", [ecg5000, etth1, motor_sounds, speech_commands, spoken_digits])
def test_without_files_the_error_says_where_they_must_lie(
    module: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISEUL_DATA", str(tmp_path))
    with pytest.raises(DataError, match=str(tmp_path)) as caught:
        module.load(module.Config())  # type: ignore[attr-defined]
    assert "ISEUL_DATA" in str(caught.value.remedy)


def _wav(samples: np.ndarray, rate: int) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()


def _spoken(folder: Path, rate: int = 8000) -> None:
    """A set of 10 digits by 2 speakers, 3 recordings each, noise of different loudness."""
    rng = np.random.default_rng(0)
    (folder / "fsdd").mkdir()
    columns = ("path", "digit", "speaker", "index", "split")
    with (
        (folder / "fsdd/index.csv").open("w", newline="") as file,
        zipfile.ZipFile(folder / "fsdd/recordings.zip", "w") as archive,
    ):
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for digit in range(10):
            for speaker in ("ann", "bo"):
                for index in range(3):
                    path = f"{digit}_{speaker}_{index}.wav"
                    sound = rng.normal(size=2000 + 4000 * index) * 100 * (digit + 1)
                    archive.writestr(path, _wav(sound, rate))
                    split = "test" if index == 0 else "train"
                    row = (path, digit, speaker, index, split)
                    writer.writerow(dict(zip(columns, row, strict=True)))


def test_spoken_digits_split_cache_and_held_out_speaker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("soundfile")
    _spoken(tmp_path)
    monkeypatch.setenv("ISEUL_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    some = spoken_digits.load(spoken_digits.Config(n_train=10, n_test=10))
    assert not (tmp_path / "cache").exists(), "a part is not kept"
    splits = spoken_digits.load(spoken_digits.Config())
    assert (len(splits.train), len(splits.test)) == (40, 20)
    assert len(list((tmp_path / "cache/iseul/features").iterdir())) == 1
    kept = spoken_digits.load(spoken_digits.Config(n_train=10, n_test=10))
    assert np.array_equal(some.train.x, kept.train.x)
    assert splits.train.x[0, 0].max() == 0 < splits.train.x[0, 24].min(), "silence before"
    held = spoken_digits.load(spoken_digits.Config(held_out="bo"))
    assert (len(held.train), len(held.test)) == (30, 30)
    with pytest.raises(DataError, match="ann, bo"):
        spoken_digits.load(spoken_digits.Config(held_out="cy"))
    back = spoken_digits.load(spoken_digits.Config(n_validation=20))
    assert np.array_equal(back.test.x, splits.train.x[-20:])


def test_damaged_sounds_are_data_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("soundfile")
    monkeypatch.setenv("ISEUL_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    _spoken(tmp_path, rate=11025)
    with pytest.raises(DataError, match="11025"):
        spoken_digits.load(spoken_digits.Config())
    archive = tmp_path / "fsdd/recordings.zip"
    archive.write_bytes(archive.read_bytes()[:5000])
    with pytest.raises(DataError, match="zip"):
        spoken_digits.load(spoken_digits.Config())
    (tmp_path / "fsdd/index.csv").write_text("path,digit\na,1\n")
    with pytest.raises(DataError, match="speaker"):
        spoken_digits.load(spoken_digits.Config())


def test_a_cache_that_is_something_else_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    _given.keep_cached(path, np.zeros((2, 3), np.uint8))
    assert _given.load_cached(path, (2, 3)) is not None
    assert _given.load_cached(path, (3, 2)) is None
    path.write_bytes(path.read_bytes()[:-3])
    assert _given.load_cached(path, (2, 3)) is None


def test_motor_sounds_split_whole_recordings_by_speed(shared_data: Path) -> None:
    pytest.importorskip("soundfile")
    both = motor_sounds.load(motor_sounds.Config())
    assert (len(both.train), len(both.test)) == (22 * 19, 8 * 19)
    normal = motor_sounds.load(motor_sounds.Config(task="anomaly", validation=True))
    assert set(normal.train.y) == {0} and normal.task == "anomaly"
    assert np.bincount(normal.test.y).tolist() == [38, 38]
    overlap = {row.tobytes() for row in both.train.x} & {row.tobytes() for row in both.test.x}
    assert not overlap


def test_ecg_parts_are_disjoint_and_keep_every_class(shared_data: Path) -> None:
    splits = ecg5000.load(ecg5000.Config(classes=5))
    assert len(splits.train) + len(splits.test) == 500
    assert np.bincount(splits.train.y).tolist() == [195, 118, 7, 13, 2]
    held = ecg5000.load(ecg5000.Config(validation=True))
    assert len(held.train) + len(held.test) == len(splits.train)


def test_forecast_windows_of_the_test_months_begin_in_the_months_before(shared_data: Path) -> None:
    splits = etth1.load(etth1.Config(history=48, horizon=24))
    assert splits.shape == (72, 1, 7) and splits.task == "forecasting" and splits.horizon == 24
    assert len(splits.train) == etth1.TRAIN - 71 and len(splits.test) == etth1.TEST - 23
    real = (splits.train.x.astype(float) - splits.zero_point) * splits.scale
    assert np.abs(real.mean((0, 1, 2))).max() < 0.05
    assert np.abs(real.std((0, 1, 2)) - 1).max() < 0.05
    few = etth1.load(etth1.Config(history=48, horizon=24, n_train=3))
    assert np.array_equal(few.train.x[[0, 2]], splits.train.x[[0, -1]])


@pytest.mark.parametrize("kind", sorted(TRANSFORMS))
def test_transforms_are_chosen_by_index_and_carry_gradients(kind: str) -> None:
    draw, move = TRANSFORMS[kind]
    shape = (5, 1, 20, 1) if kind == "series" else (5, 1, 20, 12)
    x = torch.rand(shape, generator=torch.Generator().manual_seed(0)).requires_grad_()
    transforms = draw(5, False, torch.Generator().manual_seed(1))
    moved = move(x, transforms)
    again = move(x[[3, 1]], transforms[torch.tensor([3, 1])])
    torch.testing.assert_close(moved[[3, 1]], again)
    assert (moved == x).all() == (kind == "none")
    (gradient,) = torch.autograd.grad(moved.square().sum(), x)
    assert gradient.abs().sum() > 0


def test_spectrograms_are_never_moved_along_frequency() -> None:
    x = torch.zeros(200, 1, 30, 16)
    x[:, :, :, 5] = 1
    moved = _augment_time.apply_spectrogram(
        x, _augment_time.draw(200, True, torch.Generator().manual_seed(0))
    )
    stands_out = moved[:, 0].mean(1).argmax(1)
    blank = (moved[:, 0].std(1) < 1e-6).all(1) | (stands_out != 5)
    # where the band of the line is blanked, another may be largest by rounding
    assert (stands_out == 5).float().mean() > 0.75 and blank.float().mean() < 0.25


class Two(nn.Module):
    """Two linear layers over time, as a forecast has, and one over all."""

    def __init__(self) -> None:
        super().__init__()
        self.over_time, self.last = nn.Linear(9, 4), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.last(torch.tanh(self.over_time(x[..., 0])).flatten(1))
        return out


def test_gradients_of_linear_layers_over_time_and_of_series_are_autograds() -> None:
    generator = torch.Generator().manual_seed(0)
    series = seeded(lambda: convnet.build(convnet.TINY, (9, 1, 2), 3), 0)
    for net in (seeded(Two, 0), series):
        x = torch.randn(5, 2, 9, 1, generator=generator)
        y = torch.tensor([0, 1, 2, 0, 1])
        weights = [m.weight for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]

        def loss_of(model: nn.Module, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            return nn.functional.cross_entropy(model(a), b, reduction="none")

        expected = [
            torch.autograd.grad(loss_of(net, x[part], y[part]).mean(), weights)
            for part in (slice(0, 2), slice(2, 5))
        ]
        net.requires_grad_(False)
        made = group_gradients(net, x, y, [2, 3], False, loss_of)
        for i, layer in enumerate(made):
            for group in range(2):
                torch.testing.assert_close(layer[group], expected[group][i].flatten(1))


def test_dlinear_foretells_each_series_from_its_own_past() -> None:
    net = seeded(lambda: dlinear.build(dlinear.Config(), (30, 1, 3), 12), 0)
    x = torch.randn(2, 3, 30, 1, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[:, 1] += 1
    before, after = net(x).view(2, 3, 4), net(other).view(2, 3, 4)
    assert torch.equal(before[:, [0, 2]], after[:, [0, 2]])
    assert not torch.equal(before[:, 1], after[:, 1])


def test_convnet_takes_series_but_not_short_ones() -> None:
    net = convnet.build(convnet.Config(), (140, 1, 1), 5)
    assert net(torch.zeros(2, 1, 140, 1)).shape == (2, 5)
    with pytest.raises(ShapeError, match="3x1"):
        convnet.build(convnet.Config(), (3, 1, 1), 5)


def _waves(n: int, seed: int) -> np.ndarray:
    """(n, 24, 1, 1) uint8 sines of random phase."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, (n, 1))
    wave_ = 128 + 80 * np.sin(phase + np.arange(24) * 2 * np.pi / 12)
    return wave_.round().astype(np.uint8)[:, :, None, None]


def _splits(task: str) -> Splits:
    x = _waves(80, 0)
    y = np.zeros(80, np.int64)
    test = _waves(40, 1)
    y_test = np.arange(40) % 2
    if task == "anomaly":
        rng = np.random.default_rng(2)
        noise = rng.integers(48, 208, (20, 24, 1, 1))
        test[1::2] = noise.astype(np.uint8)
    return Splits(
        Samples(x, y),
        Samples(test, y_test),
        ("usual", "unusual"),
        scale=4 / 255,
        zero_point=128,
        licence="",
        source="",
        kind="series",
        task=task,  # type: ignore[arg-type]
        horizon=8 if task == "forecasting" else 0,
    )


@pytest.mark.parametrize("task", ["forecasting", "anomaly"])
def test_tasks_are_learned_and_condensed(task: str) -> None:
    splits = _splits(task)
    problem = problem_of(splits)
    assert problem.n_classes == 1 and problem.axes == "h"
    fresh = problem.build_model(0)
    trained = record(problem, [150], False, 0).net
    before = problem.task.score(fresh, splits.test, problem)
    after = problem.task.score(trained, splits.test, problem)
    if task == "forecasting":
        assert not problem.task.higher and after < 0.05 < before
    else:
        assert problem.task.higher and after > 0.95
    assert embed(trained, splits.train.x[:3], problem).ndim == 2
    config = subset_match.Config(
        ipc=4, steps=60, networks=subset_match.Networks(nets=1, train_steps=20, images=20)
    )
    made = subset_match.condense(problem, config, 0)
    assert made.x.shape == (4, 24, 1, 1) and made.y.tolist() == [0] * 4
    assert np.mean(made.losses[-20:]) < np.mean(made.losses[:20])


def test_forecast_loss_is_the_squared_error_over_the_horizon() -> None:
    class Last(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x[:, :, -1:, 0].repeat_interleave(3, 2).flatten(1)

    x = torch.randn(2, 2, 10, 1, generator=torch.Generator().manual_seed(0))
    expected = (x[:, :, 6:7] - x[:, :, 7:]).square().mean((1, 2, 3)) * 3
    torch.testing.assert_close(forecasting(3).loss(Last(), x, torch.zeros(2)), expected)


def test_network_sides_follow_the_task() -> None:
    assert network_sides(_splits("forecasting")) == ((16, 1, 1), 8)
    assert network_sides(_splits("anomaly")) == ((24, 1, 1), 24)
    assert network_sides(_splits("classification")) == ((24, 1, 1), 2)
    assert task_of(_splits("anomaly")) is ANOMALY
    model = autoencoder.build(autoencoder.TINY, *network_sides(_splits("anomaly")))
    assert model(torch.zeros(2, 1, 24, 1)).shape == (2, 24)
    assert isinstance(problem_of(_splits("classification")), Problem)
