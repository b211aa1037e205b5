# SPDX-License-Identifier: Apache-2.0
"""The loop learns, repeats itself to the bit, and leaves the world as it found it."""

import numpy as np
import pytest
import torch
from torch import nn

from iseul.core.errors import DataError, ShapeError
from iseul.data._batch import Samples, to_tensor
from iseul.data.sets import digits
from iseul.models import ds_cnn
from iseul.models._seed import seeded
from iseul.train import evaluate, loop
from iseul.train.distill import logits

SCALE = 1 / 16


@pytest.fixture(scope="module")
def samples() -> Samples:
    return digits.load(digits.Config(n_train=600)).train


@pytest.fixture(scope="module")
def test_samples() -> Samples:
    return digits.load(digits.Config()).test


def small_model(seed: int = 0) -> nn.Module:
    config = ds_cnn.Config(stem=16, channels=(32, 32), strides=(2, 1))
    return seeded(lambda: ds_cnn.build(config, (8, 8, 1), 10), seed)


def weights(model: nn.Module) -> torch.Tensor:
    return torch.cat([v.flatten().double() for v in model.state_dict().values()])


FULL = loop.Config(
    epochs=2,
    batch=32,
    label_smoothing=0.1,
    shift=1,
    flip=True,
    cutout=2,
    cutmix=0.5,
    ema=0.9,
)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_fit_learns_digits(samples: Samples, test_samples: Samples, optimizer: str) -> None:
    model = small_model()
    config = loop.Config(
        epochs=15, batch=32, optimizer=optimizer, lr=0.1 if optimizer == "sgd" else 0.01
    )
    before = evaluate.accuracy(evaluate.logits_of(model, test_samples, SCALE), test_samples.y)
    history = loop.fit(model, samples, SCALE, config, seed=0)
    after = evaluate.accuracy(evaluate.logits_of(model, test_samples, SCALE), test_samples.y)
    assert before < 0.3 and after > 0.9
    assert history.loss[-1] < history.loss[0] / 4 and history.accuracy[-1] > 0.95
    assert [len(row) for row in history.as_dict().values()] == [15, 15, 15]
    assert not model.training


def test_fit_repeats_to_the_bit_and_depends_on_its_seed(samples: Samples) -> None:
    runs = []
    for seed in (1, 1, 2):
        torch.manual_seed(len(runs))  # the global generator must not matter
        model = small_model()
        history = loop.fit(model, samples, SCALE, FULL, seed)
        runs.append((weights(model), history))
    assert torch.equal(runs[0][0], runs[1][0]) and runs[0][1] == runs[1][1]
    assert not torch.equal(runs[0][0], runs[2][0])


def test_fit_and_seeded_leave_the_global_generator_alone(samples: Samples) -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    model = nn.Sequential(small_model(), nn.Dropout(0.5))
    loop.fit(model, samples, SCALE, loop.Config(epochs=1), 0)
    assert torch.equal(torch.rand(3), expected)


def test_layers_that_draw_are_seeded(samples: Samples) -> None:
    runs = []
    for i in range(2):
        torch.manual_seed(i)
        model = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), seeded(lambda: nn.Linear(64, 10), 0))
        loop.fit(model, samples, SCALE, loop.Config(epochs=1), 0)
        runs.append(weights(model))
    assert torch.equal(*runs)


def test_learning_rate_rises_then_falls_to_zero() -> None:
    config = loop.Config(lr=0.4, warmup=0.25)
    rates = [loop.learning_rate(config, i / 1000) for i in range(1000)]
    peak = int(np.argmax(rates))
    assert rates[peak] == pytest.approx(0.4) and peak == 250
    assert np.all(np.diff(rates[:250]) > 0) and np.all(np.diff(rates[250:]) < 0)
    assert rates[0] < 0.01 and rates[-1] < 1e-4
    assert loop.learning_rate(loop.Config(lr=0.4, warmup=0.0), 0.0) == pytest.approx(0.4)


def test_running_mean_of_the_weights_is_the_mean_of_the_steps(samples: Samples) -> None:
    """One parameter, followed by hand, must be what the loop leaves."""

    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(10))
            self.seen: list[torch.Tensor] = []

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.seen.append(self.bias.detach().clone())
            return self.bias.expand(len(x), 10)

    def run(ema: float) -> tuple[Counting, torch.Tensor]:
        model = Counting()
        config = loop.Config(epochs=1, batch=25, ema=ema)
        loop.fit(model, samples, SCALE, config, 0)
        return model, model.bias.detach()

    model, last = run(0.0)
    values = [*model.seen[1:], last]  # after each step
    mean = torch.zeros(10)
    for i, value in enumerate(values, start=1):
        decay = min(0.8, i / (i + 9))
        mean = decay * mean + (1 - decay) * value
    torch.testing.assert_close(run(0.8)[1], mean)


def test_weight_decay_pulls_matrices_and_spares_biases(samples: Samples) -> None:
    """Inputs of zero give the matrix no gradient: what happens to it is decay."""
    zeros = Samples(np.zeros_like(samples.x), samples.y)
    model = nn.Sequential(nn.Flatten(), seeded(lambda: nn.Linear(64, 10), 0))
    spared = nn.Sequential(nn.Flatten(), seeded(lambda: nn.Linear(64, 10), 0))
    before = model[1].weight.detach().clone()
    loop.fit(model, zeros, SCALE, loop.Config(epochs=2, weight_decay=0.1), 0)
    loop.fit(spared, zeros, SCALE, loop.Config(epochs=2, weight_decay=0.0), 0)
    assert model[1].weight.abs().sum() < before.abs().sum()
    assert torch.equal(spared[1].weight, before)
    assert torch.equal(model[1].bias, spared[1].bias)


def test_teacher_is_followed_and_not_changed(samples: Samples, test_samples: Samples) -> None:
    """Labels are shuffled, so what the student learns comes from the teacher."""
    teacher = small_model()
    loop.fit(teacher, samples, SCALE, loop.Config(epochs=12, batch=32), 0)
    before = weights(teacher)
    rng = np.random.default_rng(0)
    shuffled = Samples(samples.x, rng.permutation(samples.y))
    teacher.train()
    student = small_model(1)
    loop.fit(
        student,
        shuffled,
        SCALE,
        loop.Config(epochs=12, batch=32),
        0,
        teacher=teacher,
        distill=lambda s, t, y: logits.loss(s, t, y, logits.Config(alpha=1.0)),
    )
    found = evaluate.accuracy(evaluate.logits_of(student, test_samples, SCALE), test_samples.y)
    assert found > 0.8 and torch.equal(weights(teacher), before)
    assert teacher.training, "the teacher's mode is put back"


def test_fit_says_when_the_loss_is_no_number(samples: Samples) -> None:
    with pytest.raises(DataError, match="after epoch") as caught:
        loop.fit(small_model(), samples, SCALE, loop.Config(lr=1e30, warmup=0.0), 0)
    assert "lr = " in caught.value.remedy
    with pytest.raises(DataError, match="no samples"):
        loop.fit(small_model(), samples.take(slice(0, 0)), SCALE, loop.Config(), 0)


def test_fit_refuses_a_model_with_too_few_logits(samples: Samples) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 9))
    with pytest.raises(ShapeError, match="of class 9, the model has 9 logits"):
        loop.fit(model, samples, SCALE, loop.Config(epochs=1), 0)


def test_steps_of_an_epoch_are_of_equal_size(samples: Samples) -> None:
    """A rest of one sample would be a batch that batch norm can not train on."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    sizes: list[int] = []
    model.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[0])))
    loop.fit(model, samples.take(slice(0, 33)), SCALE, loop.Config(epochs=2, batch=16), 0)
    assert sizes == [11, 11, 11] * 2


# Evaluation


def test_logits_are_those_of_evaluation_mode_in_any_batch(samples: Samples) -> None:
    model = small_model()
    model.train()
    found = evaluate.logits_of(model, samples, SCALE, batch=7)
    assert model.training and found.shape == (600, 10) and found.dtype == np.float32
    model.eval()
    with torch.no_grad():
        whole = model(to_tensor(samples.x, SCALE)).numpy()
    np.testing.assert_allclose(found, whole, atol=1e-5)  # batches differ in summation order


def test_accuracy_and_confusion_count() -> None:
    scores = np.array([[0.1, 0.9, 0], [0.5, 0.5, 0], [0, 0, 1], [1, 0, 0]], np.float32)
    y = np.array([1, 1, 2, 0])
    assert evaluate.accuracy(scores, y) == 0.75  # a tie goes to the first class
    table = evaluate.confusion(scores.argmax(1), y, 3)
    assert table.tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]
    with pytest.raises(DataError, match="no samples"):
        evaluate.accuracy(scores[:0], y[:0])
