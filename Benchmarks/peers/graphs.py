"""Graph energies by PyTorch eager, 3 layers of 16 units on graphs of Ego-small's sizes, batched by size: a training step of RMwGGIS (basic),
flipped copies through the network, and a Gibbs sweep over all pairs, one evaluation of the energy a pair."""
import torch

# How many of 160 training graphs of Ego-small have 4, 5, ... 16 nodes.
SIZES = {4: 56, 5: 32, 6: 20, 7: 16, 8: 9, 9: 6, 10: 5, 11: 4, 12: 3, 13: 3, 14: 1, 16: 5}
FLIPS = 10


def sizes(count):
    """The number of graphs of each size among so many, ascending: the shares of SIZES, at least one of each."""
    total = sum(SIZES.values())
    return {n: max(1, round(count * share / total)) for n, share in SIZES.items()}


class Network(torch.nn.Module):
    def __init__(self, layers=3, width=16):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(3 * (1 if k == 0 else width), width) for k in range(layers))
        self.read = torch.nn.Linear(width, 1)

    def forward(self, x, n):
        """Energies of pairs x [batch, n (n - 1) / 2]."""
        upper = torch.triu_indices(n, n, 1)
        a = torch.zeros(len(x), n, n)
        a[:, upper[0], upper[1]] = x
        a = a + a.transpose(1, 2)
        none = 1 - a - torch.eye(n)
        h = torch.ones(len(x), n, 1)
        c = n**0.5
        for layer in self.layers:
            h = torch.nn.functional.silu(layer(torch.cat((h, a @ h / c, none @ h / c), dim=2)))
        return self.read(h).sum((1, 2))


class Base:
    def __init__(self, count):
        torch.manual_seed(0)
        self.model = Network()
        self.data = {n: (torch.rand(k, n * (n - 1) // 2) < 0.4).float() for n, k in sizes(count).items()}


class Training(Base):
    def __init__(self):
        super().__init__(128)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3, weight_decay=1e-2)

    def loss(self, x, n):
        x = x.clone().requires_grad_(True)
        energy = self.model(x, n)
        gradient = torch.autograd.grad(energy.sum(), x, retain_graph=True)[0]
        x = x.detach()
        proposal = torch.softmax(2 * (2 * x - 1) * gradient, dim=1)
        indices = torch.multinomial(proposal, FLIPS, replacement=True)
        copies = x.unsqueeze(1).repeat(1, FLIPS, 1)
        copies.scatter_(2, indices.unsqueeze(2), (1 - x.gather(1, indices)).unsqueeze(2))
        energies = self.model(copies.reshape(-1, x.shape[1]), n).reshape(len(x), FLIPS)
        ratios = torch.exp(energy.unsqueeze(1) - energies) ** 2
        return (ratios / proposal.gather(1, indices) / FLIPS).sum()

    def step(self):
        loss = sum(self.loss(x, n) for n, x in self.data.items()) / 128
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        loss.item()


class Gibbs(Base):
    def __init__(self):
        super().__init__(512)

    @torch.no_grad()
    def step(self):
        for n, start in self.data.items():
            x = start.clone()
            energy = self.model(x, n)
            for pair in range(x.shape[1]):
                flipped = x.clone()
                flipped[:, pair] = 1 - flipped[:, pair]
                other = self.model(flipped, n)
                moved = torch.rand(len(x)) < torch.sigmoid(energy - other)
                x[moved] = flipped[moved]
                energy = torch.where(moved, other, energy)


BENCHMARKS = {"graph-step": Training, "graph-gibbs": Gibbs}
