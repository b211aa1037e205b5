# SPDX-License-Identifier: Apache-2.0
"""Samples, IDX files, data sets' limits, augmentation, the downloader (on loopback)."""

import gzip
import hashlib
import io
import json
import re
import struct
import tarfile
import tempfile
import threading
import zlib
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from iseul.core.errors import DataError, ShapeError
from iseul.data import augment
from iseul.data._batch import (
    Samples,
    Splits,
    batches,
    first_per_class,
    limit,
    raw_tensor,
    to_real,
    to_tensor,
)
from iseul.data._idx import read_idx
from iseul.data.sets import cifar10, digits, fashion_mnist, mnist
from iseul.data.sets._download import fetch
from iseul.data.sets._npm import fetch_package


def some_samples(n: int = 30, n_classes: int = 3) -> Samples:
    x = np.random.default_rng(0).integers(0, 256, (n, 6, 5, 2), dtype=np.uint8)
    return Samples(x, np.arange(n) % n_classes)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# Samples and splits


def test_samples_refuse_what_does_not_fit() -> None:
    x = np.zeros((4, 2, 2, 1), np.uint8)
    with pytest.raises(ShapeError, match="uint8"):
        Samples(x.astype(np.float32), np.zeros(4, np.int64))
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        Samples(x, np.zeros(3, np.int64))


def test_tensor_is_nchw_reals_of_the_nhwc_raw_values() -> None:
    samples = some_samples(4)
    tensor = to_tensor(samples.x, 1 / 255)
    assert tensor.shape == (4, 2, 6, 5) and tensor.dtype == torch.float32
    assert tensor[1, 1, 2, 3].item() == pytest.approx(samples.x[1, 2, 3, 1] / 255)
    np.testing.assert_array_equal(to_real(samples.x, 1 / 255), tensor.permute(0, 2, 3, 1).numpy())
    raw = raw_tensor(samples.x)
    raw.zero_()
    assert samples.x.any(), "a tensor must not share memory with the samples"


def test_batches_are_one_epoch_and_depend_on_the_seed_alone() -> None:
    samples = some_samples(10)
    parts = list(batches(samples, 4, generator(3)))
    assert [len(part) for part in parts] == [4, 4, 2]
    seen = np.concatenate([part.x for part in parts]).reshape(10, -1)
    assert sorted(map(tuple, seen)) == sorted(map(tuple, samples.x.reshape(10, -1)))
    again = list(batches(samples, 4, generator(3)))
    assert all(np.array_equal(a.x, b.x) for a, b in zip(parts, again, strict=True))
    other = list(batches(samples, 4, generator(4)))
    assert not all(np.array_equal(a.x, b.x) for a, b in zip(parts, other, strict=True))
    with pytest.raises(DataError, match="no samples"):
        next(batches(samples.take(slice(0, 0)), 4, generator()))


@given(st.integers(1, 30))
def test_first_per_class_takes_equal_shares_in_order(n: int) -> None:
    samples = some_samples(30, 3)
    taken = first_per_class(samples, n)
    counts = np.bincount(taken.y, minlength=3)
    assert len(taken) == n and counts.max() - counts.min() <= 1
    first = [np.flatnonzero(samples.y == c)[: counts[c]] for c in range(3)]
    np.testing.assert_array_equal(taken.x, samples.x[np.sort(np.concatenate(first))])


def test_first_per_class_refuses_more_than_there_is() -> None:
    with pytest.raises(DataError, match="at most 30"):
        first_per_class(some_samples(30, 3), 31)


def test_validation_comes_from_the_end_of_the_training_samples_and_leaves_them() -> None:
    samples = some_samples(30)
    splits = Splits(samples, some_samples(6), ("a", "b", "c"), 1.0, "", "")
    cut = limit(splits, 0, 0, 9)
    np.testing.assert_array_equal(cut.test.x, samples.x[21:])
    np.testing.assert_array_equal(cut.train.x, samples.x[:21])
    assert len(limit(splits, 6, 3, 0).train) == 6
    with pytest.raises(DataError, match="n_validation = 30"):
        limit(splits, 0, 0, 30)


# IDX files

SHAPE = (3, 2, 2)


def idx_bytes(shape: tuple[int, ...] = SHAPE, kind: int = 8, extra: int = 0) -> bytes:
    head = struct.pack(f">BBBB{len(shape)}I", 0, 0, kind, len(shape), *shape)
    return head + bytes(i % 256 for i in range(int(np.prod(shape)) + extra))


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
def test_idx_reads_what_was_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(idx_bytes()) if name.endswith(".gz") else idx_bytes())
    np.testing.assert_array_equal(read_idx(path, SHAPE), np.arange(12).reshape(SHAPE))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "(none)"),
        (b"PK\x03\x04" + bytes(40), "starts with bytes 50 4b 03 04"),
        (idx_bytes(kind=13), "must start with 00 00 08 03"),
        (idx_bytes()[:9], "ends after 9 bytes; its header must have 16"),
        (idx_bytes((4, 2, 2)), "holds 4 x 2 x 2 values; must be 3 x 2 x 2"),
        (idx_bytes()[:20], "only 4"),
        (idx_bytes(extra=1), "more than 12"),
    ],
)
def test_idx_says_what_is_wrong_and_how_to_get_it(
    tmp_path: Path, data: bytes, message: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        read_idx(path, SHAPE, "get it there")
    assert caught.value.remedy == "get it there" and str(path) in caught.value.problem


def test_idx_claiming_a_huge_size_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(struct.pack(">BBBBIII", 0, 0, 8, 3, *[2**32 - 1] * 3))
    with pytest.raises(DataError, match="4,294,967,295 x"):
        read_idx(path, SHAPE)


def test_idx_of_a_missing_or_broken_gzip_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="can not be read"):
        read_idx(tmp_path / "none.gz", SHAPE)
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(idx_bytes())[:-12])
    with pytest.raises(DataError, match="can not be read"):
        read_idx(path, SHAPE)


@given(st.binary(max_size=64))
def test_idx_of_any_bytes_reads_or_raises_a_data_error(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a", "a.gz"):
            path = Path(folder) / name
            path.write_bytes(data)
            with suppress(DataError):
                assert read_idx(path, (2, 3)).shape == (2, 3)


# Data sets


def test_digits_are_every_third_sample_for_test() -> None:
    splits = digits.load(digits.Config())
    assert (len(splits.train), len(splits.test)) == (1198, 599)
    assert splits.shape == (8, 8, 1) and splits.n_classes == 10
    assert splits.train.x.max() == 16 and splits.scale == 1 / 16
    assert np.bincount(splits.test.y).min() > 45, "all classes are in the test set"


@pytest.fixture
def fashion_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is looked at and holds four small files; sizes are patched to match."""
    for name, (part, n) in {"train": ("train", 60), "test": ("t10k", 20)}.items():
        images = idx_bytes((n, 28, 28))
        labels = struct.pack(">BBBBI", 0, 0, 8, 1, n) + bytes(i % 10 for i in range(n))
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(images)
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
        monkeypatch.setitem(fashion_mnist.COUNTS, name, n)
    monkeypatch.setattr(fashion_mnist, "folders", lambda: [tmp_path / "no", tmp_path])
    return tmp_path


def test_fashion_mnist_reads_plain_and_packed_files(fashion_folder: Path) -> None:
    splits = fashion_mnist.load(fashion_mnist.Config(n_train=30, n_test=10))
    assert splits.shape == (28, 28, 1) and splits.source == str(fashion_folder)
    assert np.bincount(splits.train.y).tolist() == [3] * 10
    assert (len(splits.train), len(splits.test)) == (30, 10)


def test_fashion_mnist_with_a_wrong_count_or_class(fashion_folder: Path) -> None:
    labels = fashion_folder / "t10k-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(struct.pack(">BBBBI", 0, 0, 8, 1, 20) + bytes([10] * 20)))
    with pytest.raises(DataError, match="has class 10"):
        fashion_mnist.load(fashion_mnist.Config())
    (fashion_folder / "train-images-idx3-ubyte").write_bytes(idx_bytes((59, 28, 28)))
    with pytest.raises(DataError, match=r"holds 59 x 28 x 28.*60 x") as caught:
        fashion_mnist.load(fashion_mnist.Config())
    assert "apt-get install dataset-fashion-mnist" in caught.value.remedy


def test_fashion_mnist_never_downloads_without_permission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fashion_mnist, "folders", lambda: [tmp_path])
    monkeypatch.setattr(fashion_mnist, "fetch", lambda *_: pytest.fail("went to the network"))
    with pytest.raises(DataError, match=re.escape(str(tmp_path))) as caught:
        fashion_mnist.load(fashion_mnist.Config())
    assert "download = true" in caught.value.remedy


def test_fashion_mnist_looks_where_the_user_says_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISEUL_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    looked = fashion_mnist.folders()
    assert looked[:2] == [tmp_path, tmp_path / "fashion_mnist"]
    assert looked[-1] == tmp_path / "cache" / "iseul" / "fashion_mnist"


# Augmentation


def pictures(n: int = 16) -> torch.Tensor:
    return torch.arange(n * 8 * 8, dtype=torch.float32).reshape(n, 1, 8, 8) + 1


def test_shift_moves_whole_pictures_and_fills_with_zero() -> None:
    x = pictures(64)
    moved = augment.shift(x, 2, generator())
    found = set()
    for before, after in zip(x[:, 0], moved[:, 0], strict=True):
        padded = torch.nn.functional.pad(before, (2, 2, 2, 2))
        fits = [
            (dy, dx)
            for dy in range(5)
            for dx in range(5)
            if torch.equal(after, padded[dy : dy + 8, dx : dx + 8])
        ]
        assert len(fits) == 1
        found.add(fits[0])
    assert len(found) > 15, "all directions occur"
    assert augment.shift(x, 0, generator()) is x


def test_flip_mirrors_about_half() -> None:
    x = pictures(200)
    out = augment.flip(x, generator())
    same = [torch.equal(a, b) for a, b in zip(x, out, strict=True)]
    mirrored = [torch.equal(a.flip(2), b) for a, b in zip(x, out, strict=True)]
    assert all(a != b for a, b in zip(same, mirrored, strict=True)) and 70 < sum(same) < 130


def test_cutout_blanks_one_box_that_may_hang_over_the_border() -> None:
    x = pictures(100)
    out = augment.cutout(x, 4, generator())
    holes = (out == 0)[:, 0]
    sizes = holes.sum((1, 2))
    assert sizes.max() == 16 and sizes.min() >= 4
    for hole in holes:
        rows, columns = hole.any(1), hole.any(0)
        assert torch.equal(hole, rows[:, None] & columns[None, :]), "one rectangle"
    assert torch.equal(out[~(out == 0)], x[~(out == 0)])


def test_cutmix_keeps_the_share_that_it_says() -> None:
    g = generator()
    shares = []
    for _ in range(20):
        x = torch.arange(9.0)[:, None, None, None].expand(9, 1, 8, 8).contiguous()
        mixed, other, kept = augment.cutmix(x, g)
        for i in range(9):
            own = (mixed[i] == i).float().mean().item()
            assert own == pytest.approx(1.0 if other[i] == i else kept)
            assert set(mixed[i].flatten().tolist()) <= {float(i), float(other[i])}
        shares.append(kept)
    assert min(shares) < 0.5 < max(shares) <= 1


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_augmentation_depends_on_its_generator_alone(dtype: torch.dtype) -> None:
    x = (pictures() % 256).to(dtype)

    def run(seed: int) -> torch.Tensor:
        g = generator(seed)
        moved = augment.cutout(augment.flip(augment.shift(x, 1, g), g), 3, g)
        return augment.cutmix(moved, g)[0]

    torch.manual_seed(1)
    first = run(5)
    torch.manual_seed(2)
    assert torch.equal(first, run(5)) and first.dtype == dtype
    assert not torch.equal(first, run(6))


def test_augmentation_lets_gradients_through() -> None:
    x = pictures().requires_grad_()
    g = generator()
    out, _, _ = augment.cutmix(augment.cutout(augment.flip(augment.shift(x, 1, g), g), 2, g), g)
    out.sum().backward()
    assert x.grad is not None and x.grad.abs().sum() > 0


# Download

CONTENT = bytes(np.random.default_rng(0).integers(0, 256, 300_000, dtype=np.uint8))
PACKED = gzip.compress(CONTENT, mtime=0)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Server:
    """Serves PACKED; `stop_after` bytes once, `ranges` or not; remembers what was asked."""

    def __init__(self) -> None:
        self.stop_after: int | None = None
        self.ranges = True
        self.body = PACKED
        self.asked: list[str | None] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = self.headers.get("Range")
                server.asked.append(asked)
                start = int(asked[6:-1]) if asked and server.ranges else 0
                if start >= len(server.body):
                    self.send_error(416)
                    return
                self.send_response(206 if asked and server.ranges else 200)
                self.send_header("Content-Length", str(len(server.body) - start))
                self.end_headers()
                end = len(server.body) if server.stop_after is None else server.stop_after
                self.wfile.write(server.body[start:end])

            def log_message(self, *_: object) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/file.gz"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server():
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


def test_fetch_writes_whole_files(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.gz"
    fetch(server.url, path, DIGEST, 400_000)
    assert path.read_bytes() == PACKED and [p.name for p in path.parent.iterdir()] == ["file.gz"]


@pytest.mark.parametrize("ranges", [True, False])
def test_fetch_goes_on_where_it_stopped(server: Server, tmp_path: Path, ranges: bool) -> None:
    path = tmp_path / "file.gz"
    server.stop_after, server.ranges = 100_000, ranges
    with pytest.raises(DataError, match="stopped after 100,000 bytes") as caught:
        fetch(server.url, path, DIGEST, 400_000)
    assert "run again" in caught.value.remedy and not path.exists()
    server.stop_after = None
    fetch(server.url, path, DIGEST, 400_000)
    assert path.read_bytes() == PACKED and server.asked == [None, "bytes=100000-"]


def test_fetch_of_a_part_that_is_complete_asks_and_renames(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.gz.part").write_bytes(PACKED)
    fetch(server.url, tmp_path / "file.gz", DIGEST, 400_000)
    assert (tmp_path / "file.gz").read_bytes() == PACKED


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (gzip.compress(b"other", mtime=0), "must be " + DIGEST),
        (b"<html>not found</html>", "not gzip"),
        (PACKED[:-20], "truncated"),
        (gzip.compress(bytes(500_000), mtime=0), "more than 400,000 bytes"),
    ],
)
def test_fetch_refuses_what_was_not_published(
    server: Server, tmp_path: Path, body: bytes, message: str
) -> None:
    server.body = body
    with pytest.raises(DataError, match=re.escape(message)):
        fetch(server.url, tmp_path / "file.gz", DIGEST, 400_000)
    assert list(tmp_path.iterdir()) == [], "nothing is kept"


def test_fetch_stops_at_the_limit_and_at_a_dead_server(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at most 1,000 expected"):
        fetch(server.url, tmp_path / "file.gz", DIGEST, 1000)
    with pytest.raises(DataError, match="the download stopped after 0 bytes"):
        fetch("http://127.0.0.1:9/file.gz", tmp_path / "file.gz", DIGEST, 1000)


# npm packages


def tar_gz(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_a_package_is_unpacked_and_not_kept(server: Server, tmp_path: Path) -> None:
    server.body = tar_gz({"package/a": b"one", "package/b": b"two", "package/../../c": b"three"})
    digest = hashlib.sha256(gzip.decompress(server.body)).hexdigest()
    folder = tmp_path / "new"
    fetch_package(server.url, digest, 100_000, folder, {"package/b": "b.txt"})
    assert [p.name for p in folder.iterdir()] == ["b.txt"]
    assert (folder / "b.txt").read_bytes() == b"two"
    with pytest.raises(DataError, match="must be " + "0" * 64):
        fetch_package(server.url, "0" * 64, 100_000, tmp_path / "other", {"package/b": "b.txt"})
    assert list((tmp_path / "other").iterdir()) == []


def png(pixels: np.ndarray) -> bytes:
    """A PNG of (H, W, 3) uint8 by the standard library, without filters."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)

    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.fixture
def small_cifar(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Files like CIFAR-10's with 20 pictures each; gives a way to write one and its hash."""
    folder = tmp_path / "cifar10"
    folder.mkdir()
    monkeypatch.setenv("ISEUL_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(cifar10, "N_PER_FILE", 20)

    def write(name: str, content: bytes) -> None:
        (folder / name).write_bytes(content)
        for table in (cifar10.TRAIN, cifar10.TEST, cifar10.LABELS):
            if name in table:
                monkeypatch.setitem(table, name, hashlib.sha256(content).hexdigest())

    rng = np.random.default_rng(0)
    for name in (*cifar10.TRAIN, *cifar10.TEST):
        write(name, png(rng.integers(0, 256, (20, 1024, 3), dtype=np.uint8)))
    write("train_lables.json", json.dumps([i % 10 for i in range(100)]).encode())
    write("test_lables.json", json.dumps([i % 10 for i in range(20)]).encode())
    return write


def test_cifar10_has_a_picture_in_each_row_of_pixels(small_cifar) -> None:
    splits = cifar10.load(cifar10.Config())
    assert splits.shape == (32, 32, 3) and (len(splits.train), len(splits.test)) == (100, 20)
    rng = np.random.default_rng(0)
    want = np.concatenate(
        [rng.integers(0, 256, (20, 1024, 3), dtype=np.uint8) for _ in cifar10.TRAIN]
    )
    assert np.array_equal(splits.train.x, want.reshape(100, 32, 32, 3))
    assert splits.train.y.tolist() == [i % 10 for i in range(100)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("data_batch_3.png", png(np.zeros((19, 1024, 3), np.uint8)), "no PNG of 1024 x 20 pixels"),
        ("test_batch.png", png(np.zeros((20, 1024, 3), np.uint8))[:60], "can not be decoded"),
        ("test_lables.json", b"[1, 2]", r"holds \(2,\) labels"),
        ("test_lables.json", json.dumps([10] * 20).encode(), "labels; must be 20 of 0..9"),
    ],
)
def test_cifar10_refuses_wrong_content(
    small_cifar, name: str, content: bytes, message: str
) -> None:
    small_cifar(name, content)
    with pytest.raises(DataError, match=message) as caught:
        cifar10.load(cifar10.Config())
    assert "download" in caught.value.remedy


def test_files_that_were_not_published_are_not_decoded(small_cifar, tmp_path: Path) -> None:
    (tmp_path / "cifar10" / "test_batch.png").write_bytes(b"other")
    with pytest.raises(DataError, match="must be "):
        cifar10.load(cifar10.Config())
    (tmp_path / "cifar10" / "test_batch.png").unlink()
    with pytest.raises(DataError, match="no folder has all"):
        cifar10.load(cifar10.Config())


def test_fashion_is_not_taken_for_mnist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ISEUL_DATA", str(tmp_path))
    (tmp_path / "mnist").mkdir()
    for name in mnist.SHA256:
        shape = (20, 28, 28) if "images" in name else (20,)
        head = struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape)
        (tmp_path / "mnist" / name).write_bytes(head + bytes(int(np.prod(shape))))
    with pytest.raises(DataError, match="has SHA-256"):
        mnist.load(mnist.Config())
