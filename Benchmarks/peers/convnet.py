"""Convolutional energies, Langevin steps and an AdaNCE update in PyTorch eager, as a user would write them: channels-last, weights of the
sampled model without gradients and normalised once."""
import torch
from torch.nn.utils import parametrizations

BATCH = 128
ARCHITECTURES = {
    "a": ((1, 28, 28), ((3, 1, 1, 64), (4, 2, 1, 128), (4, 2, 1, 256), (3, 2, 1, 256), (4, 1, 0, 1024)), (512, 1)),
    "c": ((3, 32, 32), ((3, 1, 1, 64), (4, 2, 1, 128), (4, 2, 1, 256), (4, 2, 1, 512), (4, 1, 0, 1024)), (512, 256, 1)),
}


def network(name):
    shape, convolutions, widths = ARCHITECTURES[name]
    layers, channels = [], shape[0]
    for kernel, stride, padding, out in convolutions:
        layers += [torch.nn.Conv2d(channels, out, kernel, stride, padding), torch.nn.LeakyReLU(0.2)]
        channels = out
    layers.append(torch.nn.Flatten())
    for width in widths:
        layers += [torch.nn.Linear(channels, width), torch.nn.LeakyReLU(0.2)]
        channels = width
    return torch.nn.Sequential(*layers[:-1]).to(memory_format=torch.channels_last), shape


def langevin_step(model, x):
    x = x.detach().requires_grad_()
    gradient = torch.autograd.grad(model(x).sum(), x)[0]
    gradient.flatten(1).norm(dim=1).mean().item()
    return (x - gradient + 0.005 * torch.randn_like(x)).detach()


class Step:
    """One Langevin step of model C."""

    def __init__(self, autocast):
        torch.manual_seed(0)
        self.model, shape = network("c")
        self.model.requires_grad_(False)
        self.x = (2 * torch.rand(BATCH, *shape) - 1).to(memory_format=torch.channels_last)
        self.autocast = autocast

    def step(self):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.autocast):
            self.x = langevin_step(self.model, self.x)


class Update:
    """One AdaNCE update of model A: 100 Langevin steps of the frozen copy, loss, gradients, Adam."""

    def __init__(self):
        torch.manual_seed(0)
        self.model, self.shape = network("a")
        # A network of its own: removing a copy's parametrisations would take them from the class that it shares with the model.
        self.frozen = network("a")[0].requires_grad_(False)
        for layer in self.model:
            if hasattr(layer, "weight"):
                parametrizations.spectral_norm(layer)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-4, betas=(0.0, 0.999), fused=True)
        self.buffer = 2 * torch.rand(10_000, *self.shape) - 1
        self.data = 2 * torch.rand(BATCH, *self.shape) - 1

    def step(self):
        frozen = self.frozen
        self.model.eval()  # the normalised weights as they are, without a power iteration
        with torch.no_grad():
            for copied, layer in zip(frozen, self.model):
                if hasattr(layer, "weight"):
                    copied.weight.copy_(layer.weight)
                    copied.bias.copy_(layer.bias)
        self.model.train()
        slots = torch.randint(10_000, (BATCH,))
        x = self.buffer[slots]
        fresh = torch.rand(BATCH) < 0.25
        x[fresh] = 2 * torch.rand_like(x[fresh]) - 1
        x = x.contiguous(memory_format=torch.channels_last)
        for _ in range(100):
            x = langevin_step(frozen, x)
        self.buffer[slots] = x
        with torch.no_grad():
            frozen_noise, frozen_data = frozen(x), frozen(self.data)
        softplus = torch.nn.functional.softplus
        noise, data = self.model(torch.cat((x, self.data))).chunk(2)
        loss = softplus(frozen_noise - noise).mean() + softplus(data - frozen_data).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        loss.item()


BENCHMARKS = {
    "langevin-c-float32": lambda: Step(autocast=False),
    "langevin-c-bfloat16": lambda: Step(autocast=True),
    "adance-update-a": Update,
}
