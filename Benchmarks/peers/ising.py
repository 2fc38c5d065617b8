"""Ising models in PyTorch eager with a dense coupling matrix: 2,000 chains of single-site heat-bath updates, Gibbs-with-gradients.

Energies count each edge once: log p = s J s / 2 with a symmetric J and spins s in {-1, 1}.
"""
import torch

CHAINS = 2000


def torus(side, coupling):
    """A symmetric [d, d] matrix; a number for one coupling, None for uniform ones in [0, 0.4)."""
    d = side * side
    matrix = torch.zeros(d, d)
    for row in range(side):
        for column in range(side):
            site = row * side + column
            for other in (row * side + (column + 1) % side, (row + 1) % side * side + column):
                value = torch.rand(()).item() * 0.4 if coupling is None else coupling
                matrix[site, other] = matrix[other, site] = value
    return matrix


class SiteByRow:
    """A step is `updates` updates, one site of all chains each, from the local field: spins times a row of J."""

    def __init__(self, side, coupling, updates, repeats):
        torch.manual_seed(0)
        self.couplings = torus(side, coupling)
        self.spins = (torch.randint(2, (CHAINS, side * side)) * 2 - 1).float()
        self.updates, self.repeats = updates, repeats
        self.site = 0

    @torch.no_grad()
    def step(self):
        for _ in range(self.updates):
            field = self.spins @ self.couplings[self.site]
            up = torch.bernoulli(torch.sigmoid(2 * field))
            self.spins[:, self.site] = 2 * up - 1
            self.site = (self.site + 1) % self.spins.shape[1]


class SiteByEnergies:
    """The same by the energies of both values of a site, each from the dense quadratic form."""

    def __init__(self, side, coupling, updates, repeats):
        torch.manual_seed(0)
        self.couplings = torus(side, coupling)
        self.bits = torch.randint(2, (CHAINS, side * side)).float()
        self.updates, self.repeats = updates, repeats
        self.site = 0

    def log_probability(self, bits):
        spins = 2 * bits - 1
        return 0.5 * ((spins @ self.couplings) * spins).sum(1)

    @torch.no_grad()
    def step(self):
        for _ in range(self.updates):
            flipped = self.bits.clone()
            flipped[:, self.site] = 1 - flipped[:, self.site]
            logits = self.log_probability(flipped) - self.log_probability(self.bits)
            change = torch.bernoulli(torch.sigmoid(logits)).unsqueeze(1)
            self.bits = change * flipped + (1 - change) * self.bits
            self.site = (self.site + 1) % self.bits.shape[1]


class GibbsWithGradients:
    """A step flips one bit of each of 256 chains: proposal from the gradient at both ends, by autograd."""

    def __init__(self, side=25, coupling=0.4, chains=256):
        torch.manual_seed(0)
        self.couplings = torus(side, coupling)
        self.bits = torch.randint(2, (chains, side * side)).float()

    def log_probability(self, bits):
        spins = 2 * bits - 1
        return 0.5 * ((spins @ self.couplings) * spins).sum(1)

    def proposal(self, bits):
        bits = bits.detach().requires_grad_()
        log_probability = self.log_probability(bits)
        gradient = torch.autograd.grad(log_probability.sum(), bits)[0]
        logits = -(2 * bits.detach() - 1) * gradient / 2
        return log_probability.detach(), torch.log_softmax(logits, dim=1)

    def step(self):
        here, forward = self.proposal(self.bits)
        index = torch.multinomial(forward.exp(), 1)
        flipped = self.bits.scatter(1, index, 1 - self.bits.gather(1, index))
        there, backward = self.proposal(flipped)
        log_ratio = there - here + (backward.gather(1, index) - forward.gather(1, index)).squeeze(1)
        accepted = (torch.rand(len(log_ratio)).log() < log_ratio).unsqueeze(1)
        self.bits = torch.where(accepted, flipped, self.bits)


BENCHMARKS = {
    "ising-gibbs-10": lambda: SiteByRow(10, None, 1000, 10),
    "ising-gibbs-50": lambda: SiteByRow(50, None, 20, 500),
    "ising-uniform-10": lambda: SiteByRow(10, 0.2, 1000, 10),
    "ising-uniform-50": lambda: SiteByRow(50, 0.2, 20, 500),
    "ising-1e6-updates": lambda: SiteByEnergies(10, 0.2, 2000, 500),
    "gwg-25": lambda: GibbsWithGradients(),
}
