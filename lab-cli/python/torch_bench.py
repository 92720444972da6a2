"""PyTorch's side of `cargo lab bench train`: answers for one figure at a time.

Reads the name of a figure from each line of its input, measures it once and prints one line, {"seconds": ...} or
{"error": "..."}; "about" is answered with {"about": "..."}. Our side speaks the same way:
lab-crate/examples/bench. The work is the lab's, written the way PyTorch's users write it. LAB_DATA is the folder
with the data sets.
"""

import json
import os
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

POINTS = 20_640
REPEATS = 200
BATCH = 32


def mnist_epoch():
    """An epoch of the lab's network: 50,000 digits in shuffled batches, RMSprop, the loss read at each step."""

    def read(name, header):
        return np.fromfile(os.path.join(os.environ["LAB_DATA"], "mnist", name), np.uint8)[header:]

    images = read("train-images-idx3-ubyte", 16).reshape(-1, 784)[:50_000].astype(np.float32) / 255
    labels = read("train-labels-idx1-ubyte", 8)[:50_000].astype(np.int64)
    model = nn.Sequential(
        nn.Linear(784, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 10), nn.LogSoftmax(dim=-1)
    )
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)

    def run():
        order = np.random.permutation(len(images))
        for first in range(0, len(order), BATCH):
            chosen = order[first : first + BATCH]
            x, y = torch.from_numpy(images[chosen]), torch.from_numpy(labels[chosen])
            optimizer.zero_grad()
            loss = F.nll_loss(model(x), y)
            loss.backward()
            optimizer.step()
            loss.item()

    return run, 1


def regression():
    """An iteration of gradient descent by hand on one feature."""
    x, y = torch.randn(POINTS), torch.randn(POINTS)
    w, b = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)

    def run():
        for _ in range(REPEATS):
            loss = torch.mean((w * x + b - y) ** 2)
            loss.backward()
            w.data -= 0.1 * w.grad
            b.data -= 0.1 * b.grad
            w.grad.zero_()
            b.grad.zero_()

    return run, REPEATS


def optimizer_step(make, shapes, repeats, **options):
    """A step over weights of the shapes, the gradients being there."""
    weights = [torch.randn(shape, requires_grad=True) for shape in shapes]
    for weight in weights:
        weight.grad = 2 * weight.detach()
    optimizer = make(weights, lr=1e-3, **options)

    def run():
        for _ in range(repeats):
            optimizer.step()

    return run, repeats


NET = [(40, 784), (40,), (40, 40), (40,), (10, 40), (10,)]
MILLIONS = [(2048, 2048), (2048, 2048), (1400, 2048)]

FIGURES = {
    "mnist_epoch": mnist_epoch,
    "regression": regression,
    "rmsprop_step": lambda: optimizer_step(torch.optim.RMSprop, NET, REPEATS),
    "adam_step_11m": lambda: optimizer_step(torch.optim.Adam, MILLIONS, 5),
    "adam_fused_step_11m": lambda: optimizer_step(torch.optim.Adam, MILLIONS, 5, fused=True),
}


def seconds_of(made, name):
    """Makes a figure's data and model the first time and runs it once to warm up; measures one run."""
    if name not in made:
        made[name] = FIGURES[name]()
        made[name][0]()
    run, repeats = made[name]
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) / repeats


def main():
    made = {}
    for line in sys.stdin:
        name = line.strip()
        try:
            if name == "about":
                answer = {"about": f"PyTorch {torch.__version__}, потоков: {torch.get_num_threads()}"}
            else:
                answer = {"seconds": seconds_of(made, name)}
        except Exception as error:  # Told to the one who asked.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
