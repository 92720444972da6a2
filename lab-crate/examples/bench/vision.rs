//! The figures of vision: ResNet18's training step and forward pass, a big product of matrices, images a second.
//!
//! A name ends in a number: of images in a batch, or of workers that read images.

use std::time::Instant;

use lab::candle_nn::ModuleT;
use lab::models;
use lab::prelude::*;
use lab::vision::FolderOptions;
use lab::vision::transforms::{
    Compose, Normalize, RandomHorizontalFlip, RandomResizedCrop, ToTensor,
};

use crate::Measure;

/// The figure called `name`, if there is one.
pub fn figure(name: &str) -> Option<lab::Result<Measure>> {
    let (kind, number) = name.rsplit_once('_').unwrap_or((name, ""));
    let number = number.parse().unwrap_or(0);
    Some(match kind {
        "resnet18_train" => resnet18_train(number),
        "resnet18_forward" => resnet18_forward(number),
        "images" => images(number, 0),
        "images_kept" => images(number, 256 << 20),
        "product" => product(),
        _ => return None,
    })
}

/// Random images `(N, 3, 224, 224)` and labels `(N)` of two classes in turn.
fn batch(images: usize, dev: &Device) -> lab::Result<(Tensor, Tensor)> {
    let x = Rng::seed(1).randn((images, 3, 224, 224), dev)?;
    let y: Vec<u32> = (0..images as u32).map(|i| i % 2).collect();
    Ok((x, Tensor::new(y, dev)?))
}

/// A training step for two classes at 224 x 224: SGD with momentum.
fn resnet18_train(images: usize) -> lab::Result<Measure> {
    let (map, dev) = (VarMap::new(), device()?);
    let model = models::resnet18(2, nn::var_builder(&map, 42, &dev))?;
    let mut opt = Optimizer::new(Sgd { momentum: 0.9, ..Sgd::lr(1e-3) }, model.params())?;
    let (x, y) = batch(images, &dev)?;
    Ok(Box::new(move || {
        let start = Instant::now();
        let loss = loss::cross_entropy(&model.forward_t(&x, true)?, &y)?;
        opt.backward(&loss)?;
        opt.step()?;
        opt.zero_grad();
        dev.synchronize()?;
        Ok(start.elapsed().as_secs_f64())
    }))
}

/// The same network in evaluation.
fn resnet18_forward(images: usize) -> lab::Result<Measure> {
    let (map, dev) = (VarMap::new(), device()?);
    let model = models::resnet18(2, nn::var_builder(&map, 42, &dev))?;
    let x = batch(images, &dev)?.0;
    Ok(Box::new(move || {
        let start = Instant::now();
        model.forward_t(&x, false)?;
        dev.synchronize()?;
        Ok(start.elapsed().as_secs_f64())
    }))
}

/// A product of two matrices 2048 x 2048: what the machine can do at best.
fn product() -> lab::Result<Measure> {
    let dev = device()?;
    let layer = nn::linear(2048, 2048, nn::var_builder(&VarMap::new(), 42, &dev))?;
    let x = Rng::seed(1).randn((2048, 2048), &dev)?;
    Ok(Box::new(move || {
        let start = Instant::now();
        layer.forward(&x)?;
        dev.synchronize()?;
        Ok(start.elapsed().as_secs_f64())
    }))
}

/// An image of the training set through the lab's transforms, batches of 4, shuffled; `cache_bytes` of decoded images
/// are kept.
fn images(num_workers: usize, cache_bytes: usize) -> lab::Result<Measure> {
    let transform = Compose::new()
        .then(RandomResizedCrop::new(224))
        .then(RandomHorizontalFlip::default())
        .then(ToTensor)
        .then(Normalize::imagenet());
    let folder = FolderOptions { cache_bytes, ..Default::default() };
    let train = data::hymenoptera()?.train(transform, folder)?;
    let images = train.len() as f64;
    let options = LoaderOptions { batch_size: 4, shuffle: true, num_workers, ..Default::default() };
    let loader = DataLoader::new(train, options)?;
    Ok(Box::new(move || {
        let start = Instant::now();
        for batch in loader.iter() {
            batch?;
        }
        Ok(start.elapsed().as_secs_f64() / images)
    }))
}
