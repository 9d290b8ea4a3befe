"""Engines against a textbook training loop, against each other, and in company."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from torch import nn

from evenomics.errors import TrainingError
from evenomics.gan.arithmetic import AlphaDropout, Purpose, dropout_threshold
from evenomics.gan.distances import N_GENERATED
from evenomics.gan.engines import base as engine_module
from evenomics.gan.engines import streams
from evenomics.gan.engines.base import ENGINES, Job, Training, choose_engine
from evenomics.gan.engines.cpu import _rows
from evenomics.gan.engines.cuda import DEVICE_COPIES, STACK_PARAMETERS, stack_size
from evenomics.gan.engines.torch import _Stack
from evenomics.gan.networks import SELU_ALPHA, SELU_SCALE
from evenomics.gan.settings import Loss, Updates
from gan.training_runs import CUDA, VARIED, training_run

CURVES = ("critic_loss", "generator_loss", "wasserstein", "evaluations")
FLOAT64 = torch.float64
ALL = ["cpu", "torch", CUDA]
# a GPU sums up in an order of its own, and in another one in another stack
RTOL = {"cpu": 1e-12, "torch": 1e-12, "cuda": 1e-6}


def train(runs, engine, dtype="float64", threads=1):
    return Training(engine=engine, dtype=dtype, threads=threads).train(runs)


def assert_equal(found, expected, rtol):
    """Expect the same weights, choices and curves."""
    assert found.kept_epoch == expected.kept_epoch
    assert found.epochs == expected.epochs
    for one, other in ((found.weights, expected.weights), (found.last, expected.last)):
        for name in ("generator", "critic"):
            theirs = getattr(other, name)
            np.testing.assert_allclose(
                getattr(one, name), theirs, rtol=rtol, atol=rtol * np.abs(theirs).max()
            )
    for name in CURVES:
        theirs = getattr(expected, name)
        np.testing.assert_allclose(
            getattr(found, name), theirs, rtol=rtol, atol=rtol * np.nanmax(np.abs(theirs))
        )


class Textbook:
    """WGAN-GP as in a tutorial: modules, autograd with create_graph, torch's Adam."""

    def __init__(self, of):
        self.of, self.batch, self.p = of, of.batch, of.start.n_features
        self.generator = self.module(of.start.generator_architecture, of.start.generator)
        self.critic = self.module(of.start.critic_architecture, of.start.critic)
        rate, betas = of.learning_rate, of.updates.adam_betas
        self.optimisers = {
            net: torch.optim.SGD(net.parameters(), rate)
            if of.updates.optimiser == "sgd"
            else torch.optim.Adam(net.parameters(), rate, betas)
            for net in (self.generator, self.critic)
        }
        self.critic_loss, self.wasserstein = [], []
        # a list per epoch: not every epoch has a generator update
        self.generator_loss = [[] for _ in range(of.epochs)]

    @staticmethod
    def module(architecture, flat):
        net = nn.ModuleList()
        for layer in architecture.layers:
            linear = nn.Linear(layer.n_in, layer.n_out, layer.bias is not None, dtype=FLOAT64)
            weight = torch.tensor(flat[layer.weight]).reshape(layer.n_in, layer.n_out)
            with torch.no_grad():
                linear.weight.copy_(weight.T)
                if layer.bias is not None:
                    linear.bias.copy_(torch.tensor(flat[layer.bias]))
            net.append(linear)
        return net

    def forward(self, net, x, masks, rate):
        """Alpha-dropout as Klambauer et al. (2017) define it, on given units."""
        limit = -SELU_SCALE * SELU_ALPHA
        keep = 1 - AlphaDropout(dropout_threshold(rate)).rate
        a = (keep + limit**2 * keep * (1 - keep)) ** -0.5
        b = -a * limit * (1 - keep)
        for linear, mask in zip(net[:-1], masks or [None] * len(net), strict=False):
            x = nn.functional.selu(linear(x))
            if mask is not None:
                x = a * torch.where(mask, x, torch.full_like(x, limit)) + b
        return net[-1](x)

    def words(self, purpose, index, n):
        key = torch.tensor([self.of.key])
        return streams.words(key, purpose, torch.tensor([index]), n)

    def draws(self, purpose, index, batch, n_uniforms, critic_rows):
        """Noise, uniform numbers, masks of the critic and of the generator, in that order."""
        n = batch * self.p
        counts = [streams.n_normal_words(n), n_uniforms]
        sides = [
            (self.critic, critic_rows, self.of.dropout),
            (self.generator, batch, self.of.generator_dropout),
        ]
        places = []
        for net, rows, rate in sides:
            sizes = [(rows, linear.out_features) for linear in net[:-1]] if rate else []
            places.append((sizes, rate))
            counts += [streams.n_mask_words(rows * width) for rows, width in sizes]
        parts = iter(torch.split(self.words(purpose, index, sum(counts)), counts, dim=1))
        noise = streams.normals(next(parts), n, FLOAT64).reshape(batch, self.p)
        uniforms = streams.uniforms(next(parts), FLOAT64).reshape(-1, 1)
        masks = [
            [
                streams.keep_mask(next(parts), r * w, dropout_threshold(rate)).reshape(r, w)
                for r, w in sizes
            ]
            for sizes, rate in places
        ]
        return noise, uniforms, *masks

    def train(self):
        of = self.of
        samples = torch.tensor(of.samples)
        for update in range(of.n_updates):
            epoch, step = divmod(update, of.updates_per_epoch)
            shuffle, place = (epoch, step) if of.updates.epoch == "pass" else (update, 0)
            order = self.words(Purpose.SHUFFLE, shuffle, len(samples))[0] & (2**63 - 1)
            real = samples[order.argsort(stable=True)[place * self.batch :][: self.batch]]
            fake = self.update_critic(update, real)
            if (update + 1) % of.critic_updates == 0:
                loss = self.update_generator((update + 1) // of.critic_updates - 1)
                self.generator_loss[epoch].append(loss)
            if step == of.updates_per_epoch - 1:
                self.wasserstein.append(fake)

    def update_critic(self, update, real):
        batch = self.batch
        noise, position, masks, generator_masks = self.draws(
            Purpose.CRITIC, update, batch, batch, 3 * batch
        )
        rate = self.of.generator_dropout
        fake = self.forward(self.generator, noise, generator_masks, rate).detach()
        between = (position * real + (1 - position) * fake).requires_grad_()
        x = torch.cat([between, real, fake])
        value = self.forward(self.critic, x, masks, self.of.dropout)[:, 0]
        terms = self.of.loss
        (slope,) = torch.autograd.grad(
            value[:batch].sum(), between, create_graph=terms.penalty_in_gradient, retain_graph=True
        )
        across = 1 if terms.penalty_norm == "per_sample" else 0
        penalty = ((slope.norm(dim=across) - 1) ** 2).mean()
        loss = value[2 * batch :].mean() - value[batch : 2 * batch].mean()
        loss = loss + terms.gradient_penalty * penalty
        self.step(self.critic, loss)
        self.critic_loss.append(loss.item())
        with torch.no_grad():
            value = [self.forward(self.critic, x, None, 0.0).mean() for x in (real, fake)]
        return (value[0] - value[1]).item()

    def update_generator(self, index):
        batch = self.of.updates.generator_batch or self.batch
        noise, _, masks, generator_masks = self.draws(Purpose.GENERATOR, index, batch, 0, batch)
        fake = self.forward(self.generator, noise, generator_masks, self.of.generator_dropout)
        order = 2 if self.of.loss.spread_norm == "spectral" else "fro"
        value = self.forward(self.critic, fake, masks, self.of.dropout)
        loss = -(value if self.of.loss.critic_gradient else value.detach()).mean()
        loss = loss - self.of.alpha * torch.log(torch.linalg.matrix_norm(fake, order))
        self.step(self.generator, loss)
        return loss.item()

    def step(self, net, loss):
        self.optimisers[net].zero_grad()
        loss.backward(inputs=list(net.parameters()))
        self.optimisers[net].step()

    @staticmethod
    def flat(net):
        parts = [
            part
            for linear in net
            for part in (
                linear.weight.T.reshape(-1),
                *([linear.bias] if linear.bias is not None else []),
            )
        ]
        return torch.cat(parts).detach().numpy()


@pytest.mark.parametrize("name", VARIED)
def test_the_torch_engine_is_the_textbook_loop(name):
    """Same numbers, plain autograd: same weights and curves after 20 epochs, in float64."""
    of = replace(VARIED[name], keep="last")
    expected = Textbook(of)
    expected.train()
    (found,) = train([of], "torch")
    for ours, theirs in (
        (found.weights.generator, Textbook.flat(expected.generator)),
        (found.weights.critic, Textbook.flat(expected.critic)),
        (found.wasserstein, expected.wasserstein),
        (found.critic_loss, np.reshape(expected.critic_loss, (of.epochs, -1)).mean(axis=1)),
        (found.generator_loss, [np.mean(x) if x else np.nan for x in expected.generator_loss]),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-8 * np.nanmax(np.abs(theirs)))


def test_an_evaluation_measures_the_networks_of_its_epoch():
    """Against the textbook's modules and scipy's distances; the noise is the run's own."""
    of = replace(VARIED["dropout"], keep="last")
    (found,) = train([of], "torch")
    textbook = Textbook(replace(of, start=found.weights))
    n = N_GENERATED * textbook.p
    noise = streams.normals(
        textbook.words(Purpose.EVALUATION, 0, streams.n_normal_words(n)), n, FLOAT64
    )
    with torch.no_grad():
        fake = textbook.forward(textbook.generator, noise.reshape(N_GENERATED, -1), None, 0.0)
        level, training, held_out = (
            textbook.forward(textbook.critic, torch.as_tensor(x), None, 0.0).mean().item()
            for x in (fake, of.samples, of.held_out)
        )
    across, within, among = (
        cdist(x, y).mean()
        for x, y in ((fake, of.held_out), (fake, fake), (of.held_out, of.held_out))
    )
    expected = training - level, held_out - level, 2 * across - within - among
    np.testing.assert_allclose(found.evaluations[-1], expected, rtol=1e-8)


@pytest.mark.parametrize("engine", ["torch", CUDA])
@pytest.mark.parametrize("name", VARIED)
def test_the_cpu_engine_is_the_torch_engine(name, engine):
    """Float64, the same random numbers, at least 300 cycles of critic and generator updates."""
    of = VARIED[name]
    cycles = of.n_updates // of.critic_updates
    of = replace(of, epochs=of.epochs * -(-300 // cycles), learning_rate=1e-4)
    assert_equal(train([of], "cpu")[0], train([of], engine)[0], rtol=max(1e-9, RTOL[engine]))


def test_epochs_of_generator_updates_have_a_random_batch_for_every_critic_update():
    """None has a sample twice; over time all samples have their turn, as often as the others."""
    of = training_run(
        3, n_samples=17, batch_size=6, critic_updates=3, epochs=400,
        updates=Updates(epoch="generator_update"),
    )  # fmt: skip
    assert (of.updates_per_epoch, of.n_updates) == (3, 1200)
    rows = _rows(of, 0, 400)
    batches = rows.reshape(-1, 6)
    assert rows.shape == (400, 18)
    assert all(len(set(batch)) == 6 for batch in batches.tolist())
    # a pass would be used up after two batches: here a third one is drawn from all samples
    assert len({frozenset(batch) for batch in batches.tolist()}) > 1000
    expected = 1200 * 6 / 17
    assert np.bincount(batches.ravel(), minlength=17) == pytest.approx(expected, rel=0.15)
    np.testing.assert_array_equal(_rows(of, 7, 9), rows[7:9])  # as after a restart


@pytest.mark.parametrize("engine", ALL)
def test_a_generator_that_learns_from_nothing_stays_as_it_is(engine):
    """Without the critic and at alpha 0; the critic learns on."""
    of = replace(VARIED["as in the released scripts"], alpha=0.0)
    (found,) = train([of], engine, "float32")
    np.testing.assert_array_equal(found.last.generator, of.start.generator.astype("float32"))
    assert not np.isclose(found.last.critic, of.start.critic, rtol=1e-3).all()


SMALLEST_LOSS = {"keep": "above", "curve": "critic_loss", "threshold": -1e9}


@pytest.mark.parametrize("engine", ALL)
def test_company_changes_nothing(engine):
    """In float64 a run is the same alone and among others of other shapes, rates and lengths."""
    runs = [
        *VARIED.values(),
        *(replace(VARIED["dropout"], key=20 + k, learning_rate=10.0**-k) for k in (2, 3, 4)),
        replace(VARIED["dropout"], key=30, epochs=9),
        # the first ends, and its stack is packed anew, in mid-epoch of the second
        training_run(2, n_samples=12, n_held_out=0, eval_every=7),
        replace(training_run(1, n_samples=18, n_held_out=0, eval_every=7, **SMALLEST_LOSS), key=39),
    ]
    together = train(runs, engine)
    for of, found in zip(runs, together, strict=True):
        (alone,) = train([of], engine)
        assert_equal(found, alone, RTOL[engine])


def test_the_number_of_workers_changes_no_bit():
    runs = [replace(of, key=40 + i) for i, of in enumerate(VARIED.values())]
    for one, two in zip(
        train(runs, "cpu", "float32", 1), train(runs, "cpu", "float32", 2), strict=True
    ):
        assert_equal(one, two, rtol=0)


@pytest.mark.parametrize("engine", ALL)
def test_float32_stays_close_to_float64_at_first(engine):
    of = replace(VARIED["dropout"], epochs=5, learning_rate=1e-4)
    (single,), (double,) = train([of], engine, "float32"), train([of], engine)
    assert_equal(single, double, rtol=1e-3)
    assert not np.array_equal(single.weights.critic, double.weights.critic)


@pytest.mark.parametrize("engine", ALL)
def test_divergence_ends_a_run_and_no_other(engine):
    """A rate of 1e200 overflows at once: the curve ends there, the kept weights are finite."""
    wild = replace(VARIED["plain"], learning_rate=1e200)
    found, sane = train([wild, VARIED["plain"]], engine)
    assert found.epochs < wild.epochs
    assert np.isfinite(found.wasserstein).all()
    assert np.isfinite(found.weights.generator).all()
    (alone,) = train([VARIED["plain"]], engine)
    assert_equal(sane, alone, RTOL[engine])


@pytest.mark.parametrize("engine", ALL)
@pytest.mark.parametrize(
    ("keep", "curve"),
    [("last", "wasserstein"), ("held_out", "wasserstein"), ("above", "wasserstein"),
     ("above", "critic_loss")],
)  # fmt: skip
def test_the_kept_weights_are_those_of_the_rule(engine, keep, curve):
    """Training up to the kept epoch gives the kept weights, and the rule names that epoch."""
    of = training_run(11, epochs=60, keep=keep, curve=curve, threshold=0.01, learning_rate=5e-3)
    (found,) = train([of], engine)
    epochs = found.eval_epochs
    if keep == "last":
        best = of.epochs
    elif keep == "held_out":
        best = epochs[np.argmin(found.evaluations[:, 2])]
    else:
        values = getattr(found, curve)[epochs - 1]
        best = epochs[np.argmin(np.where(values > 0.01, values, np.inf))]
    assert found.kept_epoch == best
    (upto,) = train([replace(of, epochs=int(best), keep="last")], engine)
    np.testing.assert_allclose(found.weights.generator, upto.weights.generator, rtol=1e-12)


def test_equal_runs_are_trained_once(monkeypatch):
    trained = []
    original = ENGINES["cpu"]

    def spy(jobs, **options):
        trained.extend(jobs)
        original(jobs, **options)

    monkeypatch.setattr(engine_module, "ENGINES", {"cpu": spy})
    one = VARIED["plain"]
    first, other, again = train([one, training_run(12), replace(one, name="the same")], "cpu")
    assert len(trained) == 2
    assert_equal(again, first, rtol=0)
    assert not np.array_equal(other.weights.critic, first.weights.critic)


@pytest.mark.parametrize("n_epochs", [1, 2, 3])
def test_the_warm_up_that_cuda_needs_changes_nothing(n_epochs, monkeypatch):
    """Not even in a training of fewer updates than the warm-up has."""
    of = training_run(1, n_samples=6, epochs=n_epochs)
    (expected,) = train([of], "torch")

    def capture(self, update):
        self._warm_up(update)
        return update

    monkeypatch.setattr(_Stack, "_capture", capture)
    (found,) = train([of], "torch")
    np.testing.assert_array_equal(found.last.generator, expected.last.generator)
    np.testing.assert_array_equal(found.last.critic, expected.last.critic)
    for name in CURVES:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("name", VARIED)
@pytest.mark.parametrize("engine", [CUDA])
def test_a_replayed_graph_does_what_was_recorded(engine, name, monkeypatch):
    (found,) = train([VARIED[name]], engine)
    monkeypatch.setattr(_Stack, "_capture", lambda self, update: update)
    (expected,) = train([VARIED[name]], engine)
    assert_equal(found, expected, rtol=1e-12)


@pytest.mark.filterwarnings("ignore:Synchronization debug mode is a prototype")
@pytest.mark.parametrize("engine", ["torch", CUDA])
@pytest.mark.parametrize("name", ["best evaluation", "spectral", "as in the released scripts"])
def test_no_update_and_no_evaluation_waits_for_the_device(engine, name, monkeypatch):
    """As a copy to it does; on CUDA, torch itself watches for everything that waits."""

    def copy(*_, **__):
        raise AssertionError("copied")

    def watched(method):
        def run_watched(self, *arguments):
            with monkeypatch.context() as patch:
                patch.setattr(torch, "tensor", copy)
                patch.setattr(torch, "as_tensor", copy)
                if engine == "torch":
                    return method(self, *arguments)
                torch.cuda.set_sync_debug_mode("error")
                try:
                    return method(self, *arguments)
                finally:
                    torch.cuda.set_sync_debug_mode("default")

        return run_watched

    for method in ("_update_critic", "_update_generator", "_keep_best"):
        monkeypatch.setattr(_Stack, method, watched(getattr(_Stack, method)))
    train([VARIED[name]], engine)


@pytest.mark.parametrize("engine", [CUDA])
def test_a_run_takes_no_more_of_the_device_than_is_counted(engine):
    """Of stacks of 10 and of 30 runs, beside what any stack takes."""
    of = training_run(p=1000, hidden=(50, 100, 200), n_samples=60, batch_size=10, dropout=0.7)
    most = {}
    for n in (1, 10, 30):  # the first loads what any stack needs
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        train([replace(of, key=key, epochs=10) for key in range(n)], engine, "float32")
        most[n] = torch.cuda.max_memory_reserved()
    n_parameters = of.start.generator.size + of.start.critic.size
    assert (most[30] - most[10]) / 20 < 4 * DEVICE_COPIES * n_parameters


def test_a_stack_is_as_large_as_the_device_has_room_and_use_for():
    job = Job(VARIED["plain"], "float32", "cuda", None)
    n_parameters = job.run.start.generator.size + job.run.start.critic.size
    assert stack_size(job, 10 * DEVICE_COPIES * n_parameters) == 10
    assert stack_size(job, 0) == 1
    assert stack_size(job, 10**15) == STACK_PARAMETERS // n_parameters


@pytest.mark.parametrize("engine", [CUDA])
def test_a_device_without_room_is_an_error_that_says_what_to_do(engine):
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(1e-4)
    try:
        with pytest.raises(TrainingError, match=r"no memory left .*nvidia-smi.* engine: cpu"):
            train([training_run(p=1000, hidden=(100, 1000))], engine)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


@pytest.mark.parametrize(("engine", "threads"), [("cpu", 3), ("torch", 1)])
def test_the_log_names_the_threads_that_are_used(engine, threads, caplog):
    with caplog.at_level("INFO"):
        train([VARIED["plain"]], engine, threads=3)
    assert f"on engine {engine}, threads: {threads}" in caplog.text


def fail():
    raise TrainingError("the disk is full")


@pytest.mark.parametrize(
    ("happens", "error"),
    [(fail, TrainingError), (lambda: os.kill(os.getpid(), signal.SIGINT), KeyboardInterrupt)],
    ids=["error", "Ctrl-C"],
)
def test_an_error_or_ctrl_c_ends_all_runs_at_their_next_evaluation(happens, error, monkeypatch):
    short, long, waiting = (
        training_run(1),
        training_run(2, epochs=40000),
        training_run(3, epochs=10),
    )
    reached = {}
    original = Job.report

    def report(self, updates, state):
        reached[self.run.name] = updates
        if self.run is short:
            happens()
        original(self, updates, state)

    monkeypatch.setattr(Job, "report", report)
    with pytest.raises(error):
        train([short, long, waiting], "cpu", threads=2)
    assert reached.get(long.name, 0) < long.n_updates


def test_ctrl_c_while_the_last_runs_wait_to_begin_ends_those_that_have_begun(monkeypatch):
    """The first has begun when the interrupt comes, and would take seconds."""
    long, short = training_run(2, epochs=40000), training_run(1)
    begun, reached = Event(), {}
    original = ThreadPoolExecutor.submit

    def submit(self, function, job, *arguments):
        if job.run is short:
            assert begun.wait(60)
            raise KeyboardInterrupt
        return original(self, function, job, *arguments)

    def report(self, updates, state):
        reached[self.run.name] = updates
        begun.set()

    monkeypatch.setattr(ThreadPoolExecutor, "submit", submit)
    monkeypatch.setattr(Job, "report", report)
    with pytest.raises(KeyboardInterrupt):
        train([long, short], "cpu", threads=2)
    assert reached[long.name] < long.n_updates


def test_an_engine_that_is_not_there_is_named():
    with pytest.raises(TrainingError, match="unknown engine 'gpu'; there are: auto, cpu"):
        train([training_run()], "gpu")
    if not torch.cuda.is_available():
        with pytest.raises(TrainingError, match="finds no CUDA device"):
            train([training_run()], "cuda")


PAPER = {"p": 150, "hidden": (50, 100, 200), "n_samples": 60, "batch_size": 10}


@pytest.mark.parametrize(
    ("n", "options", "chosen"),
    [
        (1, PAPER, "cpu"),
        (8, PAPER, "cpu"),
        (216, PAPER, "cuda"),
        (1, PAPER | {"p": 5000}, "cuda"),
    ],
    ids=["one small run", "a core for each", "many", "a wide one"],
)
def test_auto_takes_a_gpu_for_what_keeps_it_busy(n, options, chosen, monkeypatch):
    """Whatever the number of cores: on it, no table may depend."""
    runs = [training_run(**options)] * n
    for there in (False, True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        assert choose_engine("auto", runs) == (chosen if there else "cpu")


def test_auto_stays_with_the_engine_it_has_chosen(monkeypatch):
    training = Training()
    training.train([VARIED["plain"]])
    monkeypatch.setattr(engine_module, "CUDA_SECONDS", 0.0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    (found,) = training.train([VARIED["dropout"]])
    assert found.engines == ("cpu",)


def test_the_spread_term_spreads():
    """With alpha 1 the generated batch has a larger norm than with alpha 0."""
    norms = []
    for alpha in (0.0, 1.0):
        of = training_run(13, epochs=150, alpha=alpha, loss=Loss(), learning_rate=1e-3)
        (found,) = train([of], "torch")
        textbook = Textbook(replace(of, start=found.weights))
        noise = torch.tensor(np.random.default_rng(0).normal(size=(50, 8)))
        norms.append(textbook.forward(textbook.generator, noise, None, 0.0).norm().item())
    assert norms[1] > norms[0]
