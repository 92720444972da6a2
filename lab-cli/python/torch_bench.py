"""PyTorch's side of `cargo lab bench train` and `bench vision`: answers for one figure at a time.

Reads the name of a figure from each line of its input, measures it and prints one line, {"seconds": ...,
"peak_bytes": ...} or {"error": "..."}; "about" is answered with {"about": "..."}. The peak is that of the process
since it was asked, where the system tells it (Linux). Our side speaks the same way: lab-crate/examples/bench. The
work is the lab's, written the way PyTorch's users write it. LAB_DATA is the folder with the data sets.
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
# A figure is run again until this many seconds have passed, as on the other side.
AT_LEAST = 0.5


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


def resnet18_train(batch):
    """A training step of ResNet18 for two classes at 224 x 224: SGD with momentum."""
    import torchvision

    model = torchvision.models.resnet18(weights=None, num_classes=2)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    x, y = torch.randn(batch, 3, 224, 224), torch.arange(batch) % 2

    def run():
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()

    return run, 1


def resnet18_forward(batch):
    """The same network in evaluation."""
    import torchvision

    model = torchvision.models.resnet18(weights=None, num_classes=2).eval()
    x = torch.randn(batch, 3, 224, 224)

    def run():
        with torch.no_grad():
            model(x)

    return run, 1


def product():
    """A product of two matrices 2048 x 2048: what the machine can do at best."""
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    return lambda: torch.mm(a, b), 1


def images(workers):
    """An image of the training set through the lab's transforms, batches of 4, shuffled."""
    from torchvision import datasets, transforms

    transform = transforms.Compose(
        [
            transforms.RandomResizedCrop(224),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    folder = datasets.ImageFolder(os.path.join(os.environ["LAB_DATA"], "hymenoptera", "train"), transform)
    loader = torch.utils.data.DataLoader(folder, batch_size=4, shuffle=True, num_workers=workers)

    def run():
        for _ in loader:
            pass

    return run, len(folder)


NET = [(40, 784), (40,), (40, 40), (40,), (10, 40), (10,)]
MILLIONS = [(2048, 2048), (2048, 2048), (1400, 2048)]

FIGURES = {
    "mnist_epoch": mnist_epoch,
    "regression": regression,
    "rmsprop_step": lambda: optimizer_step(torch.optim.RMSprop, NET, REPEATS),
    "adam_step_11m": lambda: optimizer_step(torch.optim.Adam, MILLIONS, 5),
    "adam_fused_step_11m": lambda: optimizer_step(torch.optim.Adam, MILLIONS, 5, fused=True),
    "product": product,
    **{f"resnet18_train_{n}": lambda n=n: resnet18_train(n) for n in (1, 4, 32)},
    **{f"resnet18_forward_{n}": lambda n=n: resnet18_forward(n) for n in (1, 4, 32)},
    **{f"images_{n}": lambda n=n: images(n) for n in (0, 1, 2, 4)},
}


def measure(made, name):
    """Makes a figure's data and model the first time and runs it once to warm up; measures the mean of its runs."""
    if name not in made:
        made[name] = FIGURES[name]()
        made[name][0]()
    run, repeats = made[name]
    forget_peak()
    start, runs = time.perf_counter(), 0
    while runs == 0 or time.perf_counter() - start < AT_LEAST:
        run()
        runs += 1
    return {"seconds": (time.perf_counter() - start) / repeats / runs, "peak_bytes": peak()}


def forget_peak():
    """Asks the system to measure the peak of the resident memory anew."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def peak():
    """The peak of the resident memory in bytes; None where the system does not tell it."""
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return None


def main():
    made = {}
    for line in sys.stdin:
        name = line.strip()
        try:
            if name == "about":
                answer = {"about": f"PyTorch {torch.__version__}, потоков: {torch.get_num_threads()}"}
            else:
                answer = measure(made, name)
        except Exception as error:  # Told to the one who asked.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
