# SPDX-License-Identifier: Apache-2.0
"""Every distillation loss: least at the teacher, blind to the teacher's gradient, finite."""

import math

import numpy as np
import pytest
import torch

from iseul.core import registry
from iseul.core.config import build
from iseul.train.distill import logits

FOLDER = "iseul.train.distill"


def draw(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 3


@pytest.mark.parametrize("name", registry.names(FOLDER))
def test_loss(name: str) -> None:
    entry = registry.load(FOLDER, name)
    config = entry.Config()
    student, teacher = draw(0, 8, 5).requires_grad_(), draw(1, 8, 5).requires_grad_()
    y = torch.arange(8) % 5
    far = entry.loss(student, teacher, y, config)
    far.backward()
    assert far.ndim == 0 and far.isfinite() and far > 0
    assert student.grad is not None and teacher.grad is None
    as_shares = torch.nn.functional.one_hot(y, 5).float()
    torch.testing.assert_close(entry.loss(student, teacher, as_shares, config), far)
    right = 5.0 * as_shares
    assert entry.loss(right, right, y, config) < far
    huge = entry.loss(1e4 * student, 1e4 * teacher, y, config)
    assert huge.isfinite()


@pytest.mark.parametrize("name", registry.names(FOLDER))
def test_config(name: str) -> None:
    kind = registry.load(FOLDER, name).Config
    assert len(kind.model_fields) <= 12
    assert all(field.description for field in kind.model_fields.values())
    assert build(kind, kind().model_dump(), "distill") == kind()


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_logits_loss_is_the_papers_formula(temperature: float) -> None:
    student, teacher = draw(2, 3, 4).double(), draw(3, 3, 4).double()
    y = torch.tensor([0, 3, 1])
    config = logits.Config(temperature=temperature, alpha=0.3)

    def soften(z: np.ndarray, t: float) -> np.ndarray:
        e = np.exp(z / t)
        return e / e.sum(axis=1, keepdims=True)

    s, t = student.numpy(), teacher.numpy()
    p, q = soften(t, temperature), soften(s, temperature)
    soft = (p * np.log(p / q)).sum(axis=1).mean() * temperature**2
    hard = -np.log(soften(s, 1.0)[range(3), y.numpy()]).mean()
    expected = 0.7 * hard + 0.3 * soft
    assert math.isclose(float(logits.loss(student, teacher, y, config)), expected, rel_tol=1e-9)


def test_alpha_chooses_between_teacher_and_target() -> None:
    student, y = draw(4, 6, 5), torch.arange(6) % 5
    only_teacher = logits.Config(alpha=1.0)
    assert logits.loss(student, student, y, only_teacher).abs() < 1e-6
    no_teacher = logits.Config(alpha=0.0)
    expected = torch.nn.functional.cross_entropy(student, y)
    torch.testing.assert_close(logits.loss(student, draw(5, 6, 5), y, no_teacher), expected)
