# SPDX-License-Identifier: Apache-2.0
"""Every model family: TINY runs, is seeded, learns, stays what it was in a round trip."""

import pytest
import torch

from iseul.core import registry
from iseul.core.config import build
from iseul.core.errors import UsageError
from iseul.models import ds_cnn
from iseul.models._layers import scaled
from iseul.models._seed import seeded

FOLDER = "iseul.models"


@pytest.mark.parametrize("name", registry.names(FOLDER))
@pytest.mark.parametrize("shape", [(28, 28, 1), (8, 8, 1), (16, 12, 3)])
def test_tiny_maps_pictures_to_logits(name: str, shape: tuple[int, int, int]) -> None:
    entry = registry.load(FOLDER, name)
    model = seeded(lambda: entry.build(entry.TINY, shape, 7), 0)
    x = torch.rand((2, shape[2], *shape[:2]), generator=torch.Generator().manual_seed(0))
    logits = model(x)
    assert logits.shape == (2, 7) and logits.dtype == torch.float32
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1])).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    model.eval()
    torch.testing.assert_close(model(x)[:1], model(x[:1]), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", registry.names(FOLDER))
def test_first_weights_depend_on_the_seed_alone(name: str) -> None:
    entry = registry.load(FOLDER, name)

    def flat(seed: int) -> torch.Tensor:
        model = seeded(lambda: entry.build(entry.TINY, (8, 8, 1), 10), seed)
        return torch.cat([p.detach().flatten() for p in model.parameters()])

    first = flat(0)
    torch.rand(5)
    assert torch.equal(first, flat(0)) and not torch.equal(first, flat(1))


@pytest.mark.parametrize("name", registry.names(FOLDER))
def test_config(name: str) -> None:
    entry = registry.load(FOLDER, name)
    fields = entry.Config.model_fields
    assert len(fields) <= 12 and all(field.description for field in fields.values())
    table = {key: list(v) if isinstance(v, tuple) else v for key, v in dict(entry.TINY).items()}
    assert build(entry.Config, table, "model") == entry.TINY
    assert "width" in fields or name == "dlinear"  # two linear maps have no channels


def test_width_scales_channels_in_fours() -> None:
    assert [scaled(16, w) for w in (0.01, 0.5, 1.0, 1.1)] == [4, 8, 16, 16]
    half = ds_cnn.build(ds_cnn.Config(width=0.5), (28, 28, 1), 10)
    whole = ds_cnn.build(ds_cnn.Config(), (28, 28, 1), 10)
    assert half.classify.in_features * 2 == whole.classify.in_features


def test_ds_cnn_wants_one_stride_per_block() -> None:
    with pytest.raises(UsageError, match="2 blocks and strides 3"):
        ds_cnn.build(ds_cnn.Config(channels=(8, 8), strides=(1, 1, 1)), (8, 8, 1), 10)


def test_ds_cnn_residual_adds_where_shapes_allow() -> None:
    config = ds_cnn.Config(channels=(16, 16, 32, 32), strides=(1, 2, 1, 1), residual=True)
    model = ds_cnn.build(config, (8, 8, 1), 10)
    adds = [block.adds for block in model.blocks if isinstance(block, ds_cnn.Separable)]
    assert adds == [True, False, False, True]
