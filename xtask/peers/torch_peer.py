"""PyTorch, eager, with its fused Adam (torch.compile takes longer to compile than it saves)."""

import time

import common
import torch
from torch import nn

torch.set_num_threads(common.THREADS)
bce = nn.functional.binary_cross_entropy_with_logits


def model():
    sizes = common.widths()
    layers = []
    for inputs, outputs, activation in zip(sizes, sizes[1:], common.activations()):
        linear = nn.Linear(inputs, outputs)
        nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(linear.bias)
        layers.append(linear)
        if activation == "relu":
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def noisy(images):
    return torch.randn_like(images).mul_(common.FACTOR).add_(images).clamp_(0, 1)


def train():
    images, test = (torch.from_numpy(array) for array in common.load())
    autoencoder = model()
    optimizer = torch.optim.Adam(autoencoder.parameters(), lr=1e-3, eps=1e-7, fused=True)
    is_noisy = common.WORK == "denoising-fresh"
    test_inputs = noisy(test) if is_noisy else test
    seconds = []
    for _ in range(common.EPOCHS):
        start, loss = time.perf_counter(), 0.0
        for rows in torch.randperm(len(images)).split(common.BATCH):
            batch = images[rows]
            batch_loss = bce(autoencoder(noisy(batch) if is_noisy else batch), batch)
            optimizer.zero_grad()
            batch_loss.backward()
            optimizer.step()
            loss += batch_loss.item() * len(batch)
        with torch.no_grad():
            val_loss = bce(autoencoder(test_inputs), test).item()
        seconds.append(time.perf_counter() - start)
    return {"epoch_seconds": seconds, "loss": loss / len(images), "val_loss": val_loss}


def infer():
    images = torch.from_numpy(common.load()[1])
    network = nn.Sequential(*model(), nn.Sigmoid()).eval()
    with torch.inference_mode():
        return common.inference_results(images, network)


works = {"inference": infer}
works |= dict.fromkeys(("tutorial", "process", "denoising-fresh", "deep", "wide"), train)
common.report({"torch": torch.__version__}, **works.get(common.WORK, common.refuse)())
