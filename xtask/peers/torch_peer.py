"""PyTorch, eager, with its fused Adam (torch.compile takes longer to compile than it saves). Feature maps are
channels last, the layout that oneDNN computes in."""

import time

import common
import torch
from torch import nn

torch.set_num_threads(common.THREADS)
LAYOUT = "nchw" if common.CONVOLUTIONAL else "rows"
MEMORY = torch.channels_last if common.CONVOLUTIONAL else torch.contiguous_format


class Sample(nn.Module):
    """A sample of a variational code, and its KL divergence for each value of an image."""

    def forward(self, parameters):
        mean, log_variance = parameters.chunk(2, dim=1)
        self.kl = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(1).mean() / 784
        return mean + (0.5 * log_variance).exp() * torch.randn_like(mean)


def layers(values):
    """The modules of the network for images of so many values; a last sigmoid is left to the loss."""
    width = 1 if common.CONVOLUTIONAL else values
    for kind, *arguments in common.NETWORK:
        if kind in ("dense", "conv"):
            outputs, activation, *padding = arguments
            if kind == "dense":
                module = nn.Linear(width, outputs)
            else:
                module = nn.Conv2d(width, outputs, 3, padding=padding[0])
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
            width = outputs
            yield module
            if activation == "relu":
                yield nn.ReLU(inplace=True)
        elif kind == "pool":
            yield nn.MaxPool2d(2, ceil_mode=True)
        elif kind == "upsample":
            yield nn.Upsample(scale_factor=2)
        elif kind == "sample":
            width //= 2
            yield Sample()


def model(images):
    return nn.Sequential(*layers(images[0].numel())).to(memory_format=MEMORY)


def loss(network, inputs, targets):
    outputs = network(inputs)
    if common.RESIDUAL:
        return nn.functional.mse_loss(inputs + outputs, targets)
    value = nn.functional.binary_cross_entropy_with_logits(outputs, targets)
    return value + sum(module.kl for module in network if isinstance(module, Sample))


def noisy(images):
    if common.RESIDUAL:
        return torch.randn_like(images).mul_(common.SIGMA).add_(images)
    return torch.randn_like(images).mul_(common.FACTOR).add_(images).clamp_(0, 1)


def validate(network, inputs, targets):
    batches = zip(inputs.split(common.VALIDATION_BATCH), targets.split(common.VALIDATION_BATCH))
    return sum(loss(network, *pair).item() * len(pair[0]) for pair in batches) / len(inputs)


def train():
    images, test = (torch.from_numpy(array).to(memory_format=MEMORY) for array in common.load(LAYOUT))
    autoencoder = model(images)
    optimizer = torch.optim.Adam(autoencoder.parameters(), lr=1e-3, eps=1e-7, fused=True)
    test_inputs = noisy(test) if common.NOISY else test
    seconds = []
    for _ in range(common.EPOCHS):
        start, total = time.perf_counter(), 0.0
        for rows in torch.randperm(len(images)).split(common.BATCH):
            batch = images[rows].contiguous(memory_format=MEMORY)
            batch_loss = loss(autoencoder, noisy(batch) if common.NOISY else batch, batch)
            optimizer.zero_grad()
            batch_loss.backward()
            optimizer.step()
            total += batch_loss.item() * len(batch)
        with torch.no_grad():
            val_loss = validate(autoencoder, test_inputs, test)
        seconds.append(time.perf_counter() - start)
    return {"epoch_seconds": seconds, "loss": total / len(images), "val_loss": val_loss}


def infer():
    images = torch.from_numpy(common.test_images(LAYOUT)).to(memory_format=MEMORY)
    network = nn.Sequential(*model(images), nn.Sigmoid()).eval()
    with torch.inference_mode():
        return common.inference_results(images, network)


common.check(common.NETWORKS)
common.report({"torch": torch.__version__}, **(infer if common.WORK in common.INFERENCE else train)())
