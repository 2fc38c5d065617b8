"""The PyTorch eager side of the benchmarks: does in each step what the released code of RMwGGIS does.

Speaks lines on standard input and output, so that the driver can take turns with it: `NAME COUNT` runs COUNT
steps of the benchmark NAME and answers with their seconds. Data generation stands outside the timed steps of the
training benchmarks.

usage: peer.py THREADS
"""
import sys
import time

import numpy as np
import torch

import convnet
import graphs
import ising
import score

BATCH, FLIPS, SAMPLES = 128, 10, 4000


class Swish(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.beta = torch.nn.Parameter(torch.tensor(1.0))

    def forward(self, x):
        return x * torch.sigmoid(x * self.beta)


class Energy(torch.nn.Module):
    def __init__(self, dimension, width=256):
        super().__init__()
        swish = Swish()
        linear = torch.nn.Linear
        self.layers = torch.nn.Sequential(
            linear(dimension, width), swish, linear(width, width), swish, linear(width, width), swish, linear(width, 1))

    def forward(self, x):
        return self.layers(x).squeeze(1)


class Training:
    """One training step: energies, flips, loss, gradients, clipping, Adam.

    In the released code the proposal stays in the graph of the loss, drawn from without replacement; with
    `constant_proposal` it is a constant and the draws are independent, as in the paper.
    """

    def __init__(self, method, dimension, constant_proposal=False):
        torch.manual_seed(0)
        self.method = method
        self.constant_proposal = constant_proposal
        self.model = Energy(dimension)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=5e-4, weight_decay=1e-4)
        self.data = torch.randint(2, (BATCH, dimension)).float()

    def flipped(self, x, indices):
        """Copies [flips, batch, d] with one bit flipped each; indices [batch, flips]."""
        copies = x.unsqueeze(0).repeat(indices.shape[1], 1, 1)
        mask = torch.nn.functional.one_hot(indices.t(), x.shape[1]).float()
        return (1 - mask) * copies + mask * (1 - copies)

    def step(self):
        x = self.data.detach().clone()
        dimension = x.shape[1]
        if self.method == "rm":
            energy = self.model(x)
            indices = torch.arange(dimension).expand(len(x), dimension)
            weights = None
        else:
            x.requires_grad_(True)
            energy = self.model(x)
            gradient = torch.autograd.grad(
                energy.sum(), x, retain_graph=True, create_graph=not self.constant_proposal)[0]
            unnormalised = torch.exp(2 * (2 * x - 1) * gradient)
            indices = torch.multinomial(unnormalised, FLIPS, replacement=self.constant_proposal)
            proposal = unnormalised / unnormalised.sum(1, keepdim=True)
            if self.constant_proposal:
                proposal = proposal.detach()
            weights = proposal.gather(1, indices) * FLIPS
            x = x.detach()
        copies = self.flipped(x, indices)
        energies = self.model(copies.reshape(-1, dimension)).reshape(indices.shape[1], len(x)).t()
        ratios = torch.exp(energy.unsqueeze(1) - energies) ** 2
        loss = (ratios if weights is None else ratios / weights).sum(1).mean()
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        loss.item()


class ToyBatch:
    """4,000 points of 2spirals in Gray code, d = 32: bits by way of strings, as the released code codes them."""

    def __init__(self, dimension=32):
        self.random = np.random.RandomState(0)
        self.bits = dimension // 2 - 1
        self.scale = 2.0**self.bits / 5.5

    def code(self, value):
        magnitude = min(int(abs(value) * self.scale), 2**self.bits - 1)
        gray = format(magnitude ^ (magnitude >> 1), f"0{self.bits}b")
        return ("1" if value < 0 else "0") + gray

    def step(self):
        r = self.random
        n = np.sqrt(r.rand(SAMPLES // 2, 1)) * 540 * (2 * np.pi) / 360
        x = -np.cos(n) * n + r.rand(SAMPLES // 2, 1) * 0.5
        y = np.sin(n) * n + r.rand(SAMPLES // 2, 1) * 0.5
        points = np.vstack((np.hstack((x, y)), np.hstack((-x, -y)))) / 3
        points += r.randn(*points.shape) * 0.1
        np.array([[int(bit) for bit in self.code(a) + self.code(b)] for a, b in points], dtype=np.float32)


class Evaluation:
    """20 Gibbs sweeps of 4,000 chains, two evaluations of the energy and a categorical draw a site, then the MMD under
    k(x, y) = d - Hamming by products of the bits and of their complements."""

    def __init__(self, dimension=32, sweeps=20):
        torch.manual_seed(0)
        self.model = Energy(dimension)
        self.sweeps = sweeps
        self.data = torch.randint(2, (SAMPLES, dimension)).float()

    @torch.no_grad()
    def step(self):
        x = torch.randint(2, self.data.shape).float()
        for _ in range(self.sweeps):
            for site in range(x.shape[1]):
                zero, one = x.clone(), x.clone()
                zero[:, site], one[:, site] = 0, 1
                logits = -torch.stack((self.model(zero), self.model(one)), dim=1)
                x[:, site] = torch.multinomial(torch.softmax(logits, dim=1), 1).squeeze(1).float()
        y, n = self.data, SAMPLES
        kernel = lambda a, b: a @ b.t() + (1 - a) @ (1 - b).t()
        within = lambda k: (k.sum() - k.diag().sum()) / (n * (n - 1))
        return (within(kernel(x, x)) + within(kernel(y, y)) - 2 * kernel(x, y).mean()).item()


BENCHMARKS = {
    "rmwggis-step": lambda: Training("rmwggis", 32),
    "rmwggis-step-constant-proposal": lambda: Training("rmwggis", 32, constant_proposal=True),
    "rm-step": lambda: Training("rm", 32),
    "toy-batch": lambda: ToyBatch(),
    "mmd-evaluation": lambda: Evaluation(),
    "rmwggis-step-d2048": lambda: Training("rmwggis", 2048),
    **ising.BENCHMARKS,
    **convnet.BENCHMARKS,
    **score.BENCHMARKS,
    **graphs.BENCHMARKS,
}


def main():
    torch.set_num_threads(int(sys.argv[1]))
    made = {}
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        name, count = line.split()
        if name not in made:
            made[name] = BENCHMARKS[name]()
        start = time.perf_counter()
        for _ in range(int(count)):
            made[name].step()
        # A peer that does a part of the work only says how often it would be repeated.
        print((time.perf_counter() - start) * getattr(made[name], "repeats", 1), flush=True)


if __name__ == "__main__":
    main()
