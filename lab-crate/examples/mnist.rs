//! Trains the lab's network on MNIST: `cargo run -p lab-crate --example mnist [-- EPOCHS]`.
//!
//! 784-40-40-10 with ReLU, RMSprop at 0.001, batches of 32, as the lab does it. Needs `cargo lab data mnist`.

use std::time::Instant;

use lab::prelude::*;

/// The lab's network.
struct Net {
    fc1: nn::Linear,
    fc2: nn::Linear,
    fc3: nn::Linear,
}

impl Net {
    fn new(map: &VarMap, seed: u64, device: &Device) -> lab::Result<Self> {
        let vb = nn::var_builder(map, seed, device);
        Ok(Self {
            fc1: nn::linear(784, 40, vb.pp("fc1"))?,
            fc2: nn::linear(40, 40, vb.pp("fc2"))?,
            fc3: nn::linear(40, 10, vb.pp("fc3"))?,
        })
    }

    /// Logits `(N, 10)` of images `(N, 784)`.
    fn forward(&self, x: &Tensor) -> lab::Result<Tensor> {
        let x = self.fc2.forward_relu(&self.fc1.forward_relu(x)?)?;
        Ok(self.fc3.forward(&x)?)
    }
}

fn main() -> lab::Result<()> {
    let num_epochs = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(10);
    let (mnist, dev) = (data::mnist()?, device()?);
    let map = VarMap::new();
    let net = Net::new(&map, 42, &dev)?;
    let mut opt = Optimizer::new(RmsProp::lr(0.001), &map)?;
    let options = LoaderOptions { shuffle: true, seed: 42, ..Default::default() };
    let loader = DataLoader::new(mnist.train.dataset()?, options)?.to_device(&dev);
    let accuracy = |digits: &data::Digits| {
        metrics::accuracy(&net.forward(&digits.x.to_device(&dev)?)?, &digits.y)
    };
    for epoch in 1..=num_epochs {
        let (start, mut mean) = (Instant::now(), metrics::Mean::default());
        for batch in progress(loader.iter()).comment(format!("эпоха {epoch}")) {
            let Batch { x, y } = batch?;
            let loss = loss::cross_entropy(&net.forward(&x)?, &y)?;
            opt.backward(&loss)?;
            opt.step()?;
            opt.zero_grad();
            mean.add(f64::from(loss.to_scalar::<f32>()?), y.elem_count());
        }
        lab::check_interrupted()?;
        let (seconds, mean) = (start.elapsed().as_secs_f64(), mean.value().unwrap_or(f64::NAN));
        let val = accuracy(&mnist.val)?;
        println!("эпоха {epoch:>2}: loss {mean:.4}, точность на проверке {val:.4}, {seconds:.2} с");
    }
    println!("точность на тесте: {:.4}", accuracy(&mnist.test)?);
    Ok(())
}
