"""Measures what a class costs: many kernels started at once, each a student's behind the walls of `cargo lab hub`.

Reads the plan that bench/class.rs writes (students, command lines, how many at once) and writes one JSON file with all
figures. On the way it tries to see another student's variables, files, sessions and processes; what works, or fails
otherwise, is an error. Beside ours: ipykernel with torch, where a Python with both is given, without walls.
"""

import argparse
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
from jupyter_client.kernelspec import KernelSpecManager

from bench import DEPENDENCY, TENSOR
from seat import Seat, Watch, disk, memory

EPOCHS = 3
# A kernel gives memory back after ten seconds without a request.
SETTLE_S = 15

# The network of notebook 05, as the example `mnist` trains it.
TRAIN = f"""
let mnist = data::mnist()?;
let map = VarMap::new();
let vb = nn::var_builder(&map, 42, &device()?);
let fc1 = nn::linear(784, 40, vb.pp("fc1"))?;
let fc2 = nn::linear(40, 40, vb.pp("fc2"))?;
let fc3 = nn::linear(40, 10, vb.pp("fc3"))?;
let mut opt = Optimizer::new(RmsProp::lr(0.001), &map)?;
let loader = DataLoader::new(mnist.train.dataset()?, LoaderOptions {{ shuffle: true, seed: 42, ..Default::default() }})?;
let mut last = 0f32;
for _ in 0..{EPOCHS} {{
    for batch in loader.iter() {{
        let Batch {{ x, y }} = batch?;
        let loss = loss::cross_entropy(&fc3.forward(&fc2.forward_relu(&fc1.forward_relu(&x)?)?)?, &y)?;
        opt.backward(&loss)?;
        opt.step()?;
        opt.zero_grad();
        last = loss.to_scalar::<f32>()?;
    }}
}}
println!("обучено, потери {{last}}");
"""

# The same network, as the other benchmark has it.
TORCH_TRAIN = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import torch_bench
run, _ = torch_bench.mnist_epoch()
for _ in range({EPOCHS}):
    run()
print("обучено")
"""

# What another student could try. The first is the own file: an attempt that must succeed.
SPY = """
{{
    let read = |path: &str| std::fs::read_to_string(path).is_ok();
    let names = |dir: &str| -> Vec<String> {{
        let all = std::fs::read_dir(dir).into_iter().flatten().flatten();
        all.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }};
    let kernels = names("/proc").into_iter().filter(|pid| {{
        let line = std::fs::read(format!("/proc/{{pid}}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.starts_with('/') && line.contains("lab-kernel\\0--connection-file")
    }}).count();
    let sessions = names(&format!("{{}}/sessions", std::env::var("LAB_KERNEL_HOME")?)).len();
    println!(
        "свой файл {{}}, чужой {{}}, записать в чужой {{}}, новый у чужого {{}}, дома {{:?}}, сеансов {{sessions}}, ядер {{kernels}}",
        read("{own}/own.txt"), read("{other}/own.txt"), std::fs::write("{other}/own.txt", "чужое").is_ok(),
        std::fs::write("{other}/new.txt", "чужое").is_ok(), names("{homes}"),
    );
}}
"""


class Class:
    """The students of the plan, and what was measured of them."""

    def __init__(self, plan, scratch):
        self.plan, self.scratch, self.errors, self.figures = plan, scratch, [], {}

    def attempt(self, what, work):
        """Does something; a failure is told at the end and hides nothing else."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001
            self.errors.append(f"{what}: {type(error).__name__}: {error}")
            return None

    def everyone(self, what, seats, work):
        """Does the same at all seats at once."""
        with ThreadPoolExecutor(len(seats)) as pool:
            return list(pool.map(lambda seat: self.attempt(f"{seat.name}, {what}", lambda: work(seat)), seats))

    def ours(self, count):
        """Seats with our kernel: a kernelspec for each, since each has walls of its own."""
        spec = KernelSpecManager().get_kernel_spec("rust")
        specs = KernelSpecManager(kernel_dirs=[str(self.scratch)])
        seats = []
        for person in self.plan["people"][:count]:
            argv = [*person["command"], *spec.argv]
            write_spec(self.scratch / person["name"], {**spec.to_dict(), "argv": argv})
            kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "LANG", "LC_ALL") if name in os.environ}
            env = {**self.plan["environment"], **kept, "HOME": person["home"], "USER": person["name"]}
            seats.append(Seat(person["name"], specs, env, person, [DEPENDENCY, TENSOR]))
        return seats

    def torch(self, count):
        """Seats with ipykernel, in the same homes."""
        argv = [self.plan["torch"], "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        specs = KernelSpecManager(kernel_dirs=[str(self.scratch)])
        seats = []
        for person in self.plan["people"][:count]:
            name = f"torch-{person['name']}"
            write_spec(self.scratch / name, {"argv": argv, "display_name": name, "language": "python"})
            home = person["home"]
            env = {"HOME": home, "IPYTHONDIR": f"{home}/.ipython", "LAB_DATA": self.plan["environment"]["LAB_DATA"]}
            cells = ["import torch", "print('готово', torch.arange(4.))"]
            seats.append(Seat(name, specs, env, {**person, "command": []}, cells))
        return seats

    def measure(self, kind, seats):
        """Starts all seats at once; their figures go to `figures[kind]`."""
        count = len(seats)
        print(f"{kind}: сразу {count}", flush=True)
        began = time.monotonic()
        moments = self.everyone("запуск", seats, Seat.start)
        started = [seat for seat, moment in zip(seats, moments) if moment]
        group = {"count": count, "first_tensor_s": sorted(moment - began for moment in moments if moment)}
        self.figures.setdefault(kind, {"groups": []})["groups"].append(group)
        time.sleep(SETTLE_S)
        group["idle_bytes"] = [self.attempt(f"{kind}, память", lambda: memory(seat.tree())) for seat in started]
        folders = [seat.session() for seat in started]
        group["session_bytes"] = [disk(folder) for folder in folders if folder]
        return started

    def train(self, kind, seat, code):
        """The peak of memory while a kernel trains, and what it then has on the disk."""
        print(f"{kind}: обучение", flush=True)
        with Watch(seat) as watch:
            if "обучено" not in seat.said(code):
                raise RuntimeError("обучение не дошло до конца")
        session = seat.session()
        self.figures[kind]["training"] = {"peak_bytes": watch.peak, "session_bytes": session and disk(session)}

    def dependency(self, seat):
        """What a student's own crate costs: cargo then really runs, and wants a target folder."""
        print("rust: своя зависимость", flush=True)
        crate = seat.home / "own_crate"
        (crate / "src").mkdir(parents=True)
        (crate / "Cargo.toml").write_text('[package]\nname = "own_crate"\nversion = "0.1.0"\nedition = "2024"\n')
        (crate / "src/lib.rs").write_text("pub fn answer() -> i32 { 42 }\n")
        code = f':dep own_crate = {{ path = "{crate}" }}\nprintln!("{{}}", own_crate::answer());'
        began = time.monotonic()
        if "42" not in seat.said(code):
            raise RuntimeError("своя зависимость не ответила")
        seconds = time.monotonic() - began
        # The tensors must still be the library's, of which there is one copy.
        seat.said(TENSOR)
        self.figures["rust"]["dependency"] = {"seconds": seconds, "session_bytes": disk(seat.session())}

    def apart(self, seats):
        """Every student tries to see the next one's variables and files."""
        print(f"rust: чужие переменные и файлы, {len(seats)}", flush=True)
        walls, homes = self.plan["walls"], self.plan["homes"]
        others = dict(zip(seats, [*seats[1:], seats[0]]))

        def settle(seat):
            code = f'let own = String::from("{seat.name}"); let of_{seat.name} = 1; std::fs::write("own.txt", &own)?;'
            seat.said(code)

        def spy(seat):
            other = others[seat]
            if seat.said('println!("{own}");') != f"{seat.name}\n":
                raise RuntimeError("своя переменная изменилась")
            try:
                text = seat.said(f'println!("{{}}", of_{other.name});')
            except RuntimeError as error:
                if f"of_{other.name}" not in str(error):
                    raise
            else:
                raise RuntimeError(f"видна переменная {other.name}: {text}")
            told = seat.said(SPY.format(own=seat.home, other=other.home, homes=homes)) if walls else None
            expected = (
                f'свой файл true, чужой false, записать в чужой false, новый у чужого false, дома ["{seat.name}"], '
                "сеансов 1, ядер 1\n"
            )
            if told not in (None, expected):
                raise RuntimeError(f"видно чужое: {told}")

        self.everyone("свои переменные и файлы", seats, settle)
        self.everyone("чужие переменные и файлы", seats, spy)
        for seat in seats:
            if (seat.home / "own.txt").read_text() != seat.name or (seat.home / "new.txt").exists():
                self.errors.append(f"{seat.name}: файлы изменил кто-то другой")
        self.figures["rust"]["apart"] = {"sessions": len(seats), "files": walls}

    def run(self):
        """All measurements, our kernel and the other in turn for every count."""
        kinds = [("rust", self.ours, TRAIN)]
        if self.plan["torch"]:
            kinds.append(("torch", self.torch, TORCH_TRAIN))
        counts = sorted(set(self.plan["counts"]))
        for count in counts:
            for kind, seats_of, train in kinds:
                seats = seats_of(count)
                started = self.measure(kind, seats)
                if count == counts[0] and started:
                    self.attempt(f"{kind}, обучение", lambda: self.train(kind, started[0], train))
                    if kind == "rust":
                        self.attempt("своя зависимость", lambda: self.dependency(started[0]))
                if kind == "rust" and count == counts[-1] and len(started) > 1:
                    self.apart(started)
                self.everyone("остановка", seats, Seat.close)


def write_spec(folder, spec):
    """Writes a kernelspec."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    plan = json.loads(options.plan.read_text("utf-8"))
    if not sys.platform.startswith("linux"):
        sys.exit("память ядер измеряется по /proc, а он есть только в Linux")
    room = Class(plan, options.plan.parent / "kernels")
    home_bytes = disk(Path(plan["people"][0]["home"]))
    room.run()
    figures = {
        "kernels": room.figures,
        "home_bytes": home_bytes,
        "template_bytes": max(disk(template) for template in Path(plan["kernel_home"]).glob("template-*")),
        "walls": plan["walls"],
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": psutil.virtual_memory().total,
        "errors": room.errors,
    }
    options.out.write_text(json.dumps(figures, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
