"""Closed-form losses and gradients against PyTorch's own autograd and modules, in float64."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from evenomics.gan import losses, networks
from evenomics.gan.arithmetic import AlphaDropout
from evenomics.gan.settings import Loss, Networks
from gan.training_runs import CUDA

RUNS, BATCH, P = 3, 7, 12
HIDDEN = [(5,), (5, 8), (5, 8, 11)]


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(1)


@pytest.fixture(params=["cpu", CUDA])
def _device(request: pytest.FixtureRequest) -> Iterator[None]:
    """Put all that a test makes on a device."""
    with torch.device(request.param):
        yield


on_every_device = pytest.mark.usefixtures("_device")


def masks_for(rows: int, widths: tuple[int, ...], rate: float) -> list[torch.Tensor] | None:
    return [torch.rand(RUNS, rows, w) >= rate for w in widths] if rate else None


def by_autograd(flat, architecture, x, masks, dropout):
    """Go one run at a time: torch's SELU, alpha-dropout by its definition."""
    rows = []
    limit = -networks.SELU_ALPHA * networks.SELU_SCALE
    for k in range(len(flat)):
        h = x[k]
        for index, layer in enumerate(architecture.layers):
            weight = flat[k, layer.weight].reshape(layer.n_in, layer.n_out)
            h = nn.functional.linear(
                h, weight.T, None if layer.bias is None else flat[k, layer.bias]
            )
            if index < len(architecture.layers) - 1:
                h = nn.functional.selu(h)
                if masks is not None:
                    q = 1 - dropout.rate
                    a = (q + limit**2 * q * (1 - q)) ** -0.5
                    kept = masks[index][k]
                    h = a * torch.where(kept, h, torch.full_like(h, limit)) - a * limit * (1 - q)
        rows.append(h)
    return torch.stack(rows)


def relative_error(found, expected):
    return ((found - expected).norm() / expected.norm()).item()


@on_every_device
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("rate", [0.0, 0.7])
@pytest.mark.parametrize(
    "terms", [Loss(), Loss(penalty_norm="per_feature"), Loss(penalty_in_gradient=False)]
)
def test_critic_gradient_equals_double_backward(hidden, rate, terms):
    """Of a penalty that is no part of the gradient, to a backward without ``create_graph``."""
    architecture = networks.critic_architecture(P, hidden)
    dropout = AlphaDropout(round(rate * 65536))
    flat = 0.4 * draw(RUNS, architecture.n_parameters)
    real, fake, position = (
        draw(RUNS, BATCH, P),
        draw(RUNS, BATCH, P),
        torch.rand(RUNS, BATCH, 1, dtype=torch.float64),
    )
    masks = masks_for(3 * BATCH, architecture.hidden, rate)

    loss, gradient = losses.critic_gradient(
        flat, architecture, real, fake, position, masks, dropout, terms
    )

    leaf = flat.clone().requires_grad_()
    x = torch.cat([position * real + (1 - position) * fake, real, fake], 1).requires_grad_()
    y = by_autograd(leaf, architecture, x, masks, dropout)[:, :, 0]
    (slope,) = torch.autograd.grad(
        y[:, :BATCH].sum(), x, create_graph=terms.penalty_in_gradient, retain_graph=True
    )
    across = 2 if terms.penalty_norm == "per_sample" else 1
    penalty = 10.0 * ((slope[:, :BATCH].norm(dim=across) - 1) ** 2).mean(1)
    expected = y[:, 2 * BATCH :].mean(1) - y[:, BATCH : 2 * BATCH].mean(1) + penalty
    (expected_gradient,) = torch.autograd.grad(expected.sum(), leaf)
    torch.testing.assert_close(loss, expected.detach(), rtol=1e-12, atol=1e-12)
    assert relative_error(gradient, expected_gradient) < 1e-10


@on_every_device
@pytest.mark.parametrize("norm", ["frobenius", "spectral"])
@pytest.mark.parametrize("rate", [0.0, 0.5])
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("learns", [True, False])
def test_generator_gradient_equals_autograd(norm, rate, hidden, learns):
    """Where the generator does not learn from the critic, with the critic's output detached."""
    terms = Loss(spread_norm=norm, critic_gradient=learns)
    architecture = networks.generator_architecture(P, hidden)
    critic_architecture = networks.critic_architecture(P, hidden)
    dropout, none = AlphaDropout(round(rate * 65536)), AlphaDropout(0)
    flat = 0.4 * draw(RUNS, architecture.n_parameters)
    critic = 0.4 * draw(RUNS, critic_architecture.n_parameters)
    noise, alpha = draw(RUNS, BATCH, P), torch.tensor([0.0, 1.0, 2.5], dtype=torch.float64)
    masks = masks_for(BATCH, architecture.hidden, rate)
    critic_masks = masks_for(BATCH, critic_architecture.hidden, 0.7)
    critic_dropout = AlphaDropout(round(0.7 * 65536))

    loss, gradient = losses.generator_gradient(
        flat, architecture, critic, critic_architecture, noise, masks, critic_masks,
        dropout if rate else none, critic_dropout, alpha, terms,
    )  # fmt: skip

    leaf = flat.clone().requires_grad_()
    x = by_autograd(leaf, architecture, noise, masks, dropout)
    y = by_autograd(critic, critic_architecture, x, critic_masks, critic_dropout)
    size = torch.linalg.matrix_norm(x, "fro" if norm == "frobenius" else 2)
    expected = -(y if learns else y.detach()).mean((1, 2)) - alpha * torch.log(size)
    (expected_gradient,) = torch.autograd.grad(expected.sum(), leaf)
    torch.testing.assert_close(loss, expected.detach(), rtol=1e-10, atol=1e-10)
    assert relative_error(gradient, expected_gradient) < 1e-10
    # the first run has no spread term: without the critic nothing moves it
    assert bool(gradient[0].any()) == learns


@on_every_device
def test_products_run_by_run_are_those_of_all_runs_at_once(monkeypatch):
    x, matrix = draw(RUNS, BATCH, 500), draw(RUNS, 500, P)
    expected = losses.product(x, matrix)
    monkeypatch.setattr(losses, "LONG_SUM", 500 / RUNS)
    found = losses.product(x, matrix)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(found, torch.einsum("kbp,kph->kbh", x, matrix))


@on_every_device
@pytest.mark.parametrize("norm", ["frobenius", "spectral"])
def test_spread_of_a_zero_batch_is_finite_and_pushes_nowhere(norm):
    log_norm, gradient = losses.spread(torch.zeros(1, 4, P, dtype=torch.float64), norm)
    assert torch.isfinite(log_norm).all()
    assert not gradient.any()


@on_every_device
@pytest.mark.parametrize("norm", ["per_sample", "per_feature"])
def test_critic_gradient_of_a_flat_critic_is_finite(norm):
    architecture = networks.critic_architecture(P, (5,))
    flat = torch.zeros(1, architecture.n_parameters, dtype=torch.float64)
    x = draw(1, BATCH, P)
    loss, gradient = losses.critic_gradient(
        flat, architecture, x, x, 0.5 * torch.ones(1, BATCH, 1, dtype=torch.float64), None,
        AlphaDropout(0), Loss(penalty_norm=norm),
    )  # fmt: skip
    assert loss.item() == pytest.approx(10.0)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("rate", [0.5, 0.7])
def test_alpha_dropout_has_the_moments_of_pytorchs(rate):
    """Kept and dropped values are those that torch's own alpha_dropout produces."""
    dropout = AlphaDropout(round(rate * 65536))
    x = torch.full((20_000,), 0.3, dtype=torch.float64)
    values = torch.unique(nn.functional.alpha_dropout(x, dropout.rate, training=True))
    ours = sorted([dropout.scale * 0.3 + dropout.shift, dropout.floor])
    torch.testing.assert_close(
        values, torch.tensor(ours, dtype=torch.float64), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize(
    ("gain", "nonlinearity"), [(Networks().initial_gain, "relu"), (1.0, "linear")]
)
def test_initial_weights_have_kaimings_spread(gain, nonlinearity):
    """The default gain to the last bit, though its square is not 2 to the last bit."""
    architecture = networks.generator_architecture(200, (300,))
    flat = architecture.initial(np.random.default_rng(1), Networks(initial_gain=gain))
    theirs = torch.nn.init.kaiming_normal_(torch.empty(300, 200), nonlinearity=nonlinearity)
    first, _ = architecture.layers
    assert flat[first.weight].std() == pytest.approx(theirs.std().item(), rel=0.02)
    drawn = np.random.default_rng(1).normal(0, np.sqrt(round(gain**2) / 200), 200 * 300)
    np.testing.assert_array_equal(flat[first.weight], drawn)
    assert not flat[first.bias].any()


def test_initial_biases_are_those_of_pytorchs_layers():
    """Of hidden layers; the generator's output layer has one value, the critic's no bias."""
    settings = Networks(initial_biases="uniform", initial_output_bias=0.01)
    weights = networks.initial_weights(400, (4000, 3000), np.random.default_rng(1), settings)
    for architecture, flat in (
        (weights.generator_architecture, weights.generator),
        (weights.critic_architecture, weights.critic),
    ):
        *inner, top = architecture.layers
        for layer in inner:
            ours, theirs = flat[layer.bias], nn.Linear(layer.n_in, layer.n_out).bias
            limit = theirs.detach().abs().max().item()
            assert np.abs(ours).max() == pytest.approx(limit, rel=0.01)
            assert ours.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)
        if top.bias is not None:
            assert set(flat[top.bias]) == {0.01}
    assert weights.critic_architecture.layers[-1].bias is None


@pytest.mark.parametrize(
    ("at", "widths", "critic_kept"),
    [("input", (P, 11, 8, 5, 1), [(1, 2), (2, 3)]), ("output", (P, 11, 8, 5, 1), [(0, 0), (1, 1)])],
)
def test_growing_keeps_the_layers_that_stay_and_draws_the_others_anew(at, widths, critic_kept):
    """Kept layers are pairs of their places before and after; all others are drawn anew."""
    rng = np.random.default_rng(1)
    settings = Networks(hidden=(5, 8, 11), critic_grows=at, initial_biases="uniform")
    small = networks.initial_weights(P, (5, 8), rng, settings, settings.critic_hidden(2))
    grown = networks.grow(small, rng, settings)
    assert grown.hidden == (5, 8, 11)
    assert small.critic_hidden == {"input": (8, 5), "output": (11, 8)}[at]
    assert grown.generator_architecture.widths == (P, 5, 8, 11, P)
    assert grown.critic_architecture.widths == widths
    for net, kept in (("generator", [(0, 0), (1, 1)]), ("critic", critic_kept)):
        before, after = (getattr(weights, f"{net}_architecture") for weights in (small, grown))
        old, new = getattr(small, net), getattr(grown, net)
        for i, j in kept:
            for part in ("weight", "bias"):
                one, other = (
                    getattr(shape.layers[k], part) for shape, k in ((before, i), (after, j))
                )
                if one is not None:
                    np.testing.assert_array_equal(old[one], new[other])
        for j in {0, 1, 2, 3} - {j for _, j in kept}:
            assert not np.isin(new[after.layers[j].weight], old).any()


def test_a_critic_that_grows_at_its_output_begins_with_its_widest_layer():
    settings = Networks(critic_grows="output")
    assert [settings.critic_hidden(n) for n in (1, 2, 3)] == [(200,), (200, 100), (200, 100, 50)]
    other = replace(settings, critic_grows="input")
    assert [other.critic_hidden(n) for n in (1, 2, 3)] == [(50,), (100, 50), (200, 100, 50)]
