//! Transfer learning on ants and bees: `cargo run -p lab-crate --example finetune [-- MODE [SEEDS [EPOCHS]]]`.
//!
//! MODE is what is trained: `all` (at first), `last` (the last stage and the head), `head`, or `features` (a new head
//! on features that are computed once). Prints the best accuracy on the validation data of every seed, 0, 1, ...
//! Needs `cargo lab data hymenoptera efficientnet-lite0`; takes the weights of ResNet18 where they are.

use std::time::Instant;

use lab::candle_nn::ModuleT;
use lab::models::{self, Trainable, VisionModel};
use lab::optim::StepLr;
use lab::prelude::*;
use lab::train::{EpochTable, Fit, Metric, Task, fit};
use lab::vision::transforms::{
    CenterCrop, Compose, Normalize, RandomHorizontalFlip, RandomResizedCrop, Resize, ToTensor,
};
use lab::vision::{self, FolderOptions};
use lab::weights;

/// Validation sees more than the 224 pixels of training, as objects are smaller in a centre crop than in random ones
/// (Touvron et al., 2019, arXiv:1906.06423).
const RESIZE: usize = 288;
const CROP: usize = 256;

fn main() -> lab::Result<()> {
    let mut args = std::env::args().skip(1);
    let mode = args.next().unwrap_or_else(|| "all".into());
    let seeds = args.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let num_epochs = args.next().and_then(|text| text.parse().ok());
    let mut best = Vec::new();
    for seed in 0..seeds {
        let start = Instant::now();
        let accuracy = match mode.as_str() {
            "features" => features(seed, num_epochs.unwrap_or(40))?,
            "head" => finetune(Trainable::Head, seed, num_epochs.unwrap_or(4))?,
            "last" => finetune(Trainable::LastBlock, seed, num_epochs.unwrap_or(4))?,
            _ => finetune(Trainable::All, seed, num_epochs.unwrap_or(4))?,
        };
        println!("{mode}, seed {seed}: {accuracy:.4} за {:.0} с", start.elapsed().as_secs_f64());
        best.push(accuracy);
    }
    let (mean, worst) =
        (best.iter().sum::<f64>() / best.len() as f64, best.iter().copied().fold(1.0, f64::min));
    println!("{mode}: среднее {mean:.4}, худшее {worst:.4}");
    Ok(())
}

/// A network for two classes with published weights, and its variables.
fn pretrained(seed: u64) -> lab::Result<(VisionModel, VarMap)> {
    let name = match weights::find("resnet18")? {
        Some(_) => "resnet18",
        None => "efficientnet-lite0",
    };
    println!("веса: {name}");
    let map = VarMap::new();
    let mut model = models::create(name, 1000, nn::var_builder(&map, seed, &device()?))?;
    weights::pretrained(name)?.load_into(&map)?;
    model.replace_head(2, &map, seed)?;
    Ok((model, map))
}

/// The transforms of validation.
fn plain() -> Compose {
    let resized = Compose::new().then(Resize::new(RESIZE)).then(CenterCrop::new(CROP));
    resized.then(ToTensor).then(Normalize::imagenet())
}

/// Trains a part of the network on random crops.
fn finetune(part: Trainable, seed: u64, num_epochs: usize) -> lab::Result<f64> {
    let crop = RandomResizedCrop { scale: (0.4, 1.0), ..RandomResizedCrop::new(224) };
    let random = Compose::new().then(crop).then(RandomHorizontalFlip::default());
    let random = random.then(ToTensor).then(Normalize::imagenet());
    let folder = FolderOptions { seed, cache_bytes: 256 << 20, ..Default::default() };
    let insects = data::hymenoptera()?;
    let checking = LoaderOptions { batch_size: 16, num_workers: 1, ..Default::default() };
    let loading = LoaderOptions { batch_size: 8, shuffle: true, seed, ..checking.clone() };
    let dev = device()?;
    let train = DataLoader::new(insects.train(random, folder)?, loading)?.to_device(&dev);
    let val = DataLoader::new(insects.val(plain(), folder)?, checking)?.to_device(&dev);
    let (mut model, map) = pretrained(seed)?;
    model.set_trainable(part);
    let lr = if part == Trainable::Head { 0.02 } else { 0.002 };
    let mut opt = Optimizer::new(Sgd { momentum: 0.9, ..Sgd::lr(lr) }, model.params())?;
    let mut scheduler = Scheduler::new(StepLr { step_size: 3, gamma: 0.1 }, &mut opt)?;
    let (table, both) = (&mut EpochTable::new(), [&train, &val]);
    let trained =
        vision::train_model(&model, &map, &mut opt, &mut scheduler, both, num_epochs, table)?;
    println!("{trained}");
    Ok(trained.best.map_or(0.0, |(accuracy, _)| accuracy))
}

/// The head of a network as a model of its own.
struct Head<'a>(&'a VisionModel);

impl ModuleT for Head<'_> {
    fn forward_t(&self, features: &Tensor, _train: bool) -> candle_core::Result<Tensor> {
        self.0.head().forward(features)
    }
}

/// Trains the head on features that are computed once.
fn features(seed: u64, num_epochs: usize) -> lab::Result<f64> {
    let (insects, folder) = (data::hymenoptera()?, FolderOptions::default());
    let checking = LoaderOptions { batch_size: 16, num_workers: 1, ..Default::default() };
    let dev = device()?;
    let train = DataLoader::new(insects.train(plain(), folder)?, checking.clone())?.to_device(&dev);
    let val = DataLoader::new(insects.val(plain(), folder)?, checking)?.to_device(&dev);
    let (mut model, _map) = pretrained(seed)?;
    model.set_trainable(Trainable::Head);
    let loading = LoaderOptions { batch_size: 16, shuffle: true, seed, ..Default::default() };
    let once = |loader: &DataLoader| vision::features_once(&model, progress(loader.epoch(0)));
    let train = DataLoader::new(once(&train)?, loading)?;
    let val = DataLoader::new(once(&val)?, LoaderOptions::default())?;
    let rule = Sgd { momentum: 0.9, weight_decay: 0.01, ..Sgd::lr(0.003) };
    let mut opt = Optimizer::new(rule, model.params())?;
    let options = Fit { num_epochs, task: Task::Classification, ..Default::default() };
    let (head, loss) = (Head(&model), loss::cross_entropy);
    let history = fit(&head, &mut opt, loss, &train, Some(&val), options, &mut ())?;
    let best = history.best(Metric::Accuracy).and_then(|epoch| epoch.val?.accuracy);
    Ok(best.unwrap_or(0.0))
}
