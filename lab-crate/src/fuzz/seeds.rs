//! Small files of every format, made by our own code. Not here: files made by PyTorch (`weights/fixtures/`).

use std::io::Write;
use std::path::PathBuf;

use candle_core::{Device, Var};
use candle_nn::VarMap;

use crate::nn;
use crate::optim::{Adam, Optimizer};
use crate::train::{EpochRecord, History, Scores, StepRecord, Stop};
use crate::weights;

/// The bytes of the labels at the end of [`mnist`].
pub(super) const LABELS: usize = 10;

/// An idx file of these sizes.
pub(super) fn idx(sizes: &[u32]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sizes.len() as u8];
    file.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    file.extend((0..sizes.iter().product()).map(|i: u32| i as u8));
    file
}

/// `count` images of 28 x 28, then their labels.
pub(super) fn mnist(count: u32) -> Vec<u8> {
    [idx(&[count, 28, 28]), idx(&[count])].concat()
}

/// A history with a line of each kind.
pub(super) fn history() -> Vec<u8> {
    let scores = Scores { loss: 0.5, accuracy: Some(0.75), examples: 64 };
    let epoch =
        EpochRecord { epoch: 1, step: 2, train: scores, val: Some(scores), lr: 0.1, seconds: 1.5 };
    let step = |step| StepRecord { step, loss: 0.25, accuracy: None, lr: 0.1 };
    let mut history = History::default();
    history.steps = vec![step(1), step(2)];
    history.epochs = vec![epoch];
    history.stopped = Some(Stop::Observer("достаточно, \"хватит\"".into()));
    written("history", |path| history.to_csv(path).unwrap())
}

/// The pickle of a dictionary with the tensor `w`: f32, shape (2), in the storage `0` of two numbers.
pub(super) const OBJECT: &[u8] = b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n\
    ((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02NtQ\
    K\x00K\x02\x85K\x01\x85\x89NtRs.";

/// [`OBJECT`] in the old format; the storage has `count` numbers by its own account, and two in truth.
pub(super) fn legacy(count: u64) -> Vec<u8> {
    let magic = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    let start = [&magic[..], b"\x80\x02M\xe9\x03.", b"\x80\x02}."].concat();
    let storage = [&count.to_le_bytes()[..], &[0, 0, 0x80, 0x3f, 0, 0, 0, 0]].concat();
    [&start[..], OBJECT, b"\x80\x02]X\x01\x00\x00\x000a.", &storage].concat()
}

/// A pickle in the new format, with the storage `0` of two numbers.
pub(super) fn zip(object: &[u8]) -> Vec<u8> {
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in [("w/data.pkl", object), ("w/data/0", &[0, 0, 0x80, 0x3f, 0, 0, 0, 0])] {
        writer.start_file(name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The weights of a small layer.
pub(super) fn safetensors() -> Vec<u8> {
    let map = VarMap::new();
    nn::linear(3, 2, nn::var_builder(&map, 0, &Device::Cpu).pp("fc")).unwrap();
    written("safetensors", |path| weights::save(&map, path).unwrap())
}

/// The state of an optimizer of one parameter of two numbers, after a step.
pub(super) fn optimizer() -> Vec<u8> {
    let w = Var::new(&[2f32, -1.0], &Device::Cpu).unwrap();
    let mut opt = Optimizer::new(Adam::lr(0.1), &w).unwrap();
    opt.backward(&w.sqr().unwrap().sum_all().unwrap()).unwrap();
    opt.step().unwrap();
    written("optimizer", |path| opt.save(path).unwrap())
}

/// PNG files of several kinds of colour.
pub(super) fn pngs() -> Vec<Vec<u8>> {
    use png::{BitDepth, ColorType};
    let kinds = [
        (ColorType::Rgb, BitDepth::Eight, 3 * 5 * 4),
        (ColorType::Grayscale, BitDepth::Sixteen, 2 * 5 * 4),
        (ColorType::Indexed, BitDepth::Four, 3 * 4),
        (ColorType::Rgba, BitDepth::Eight, 4 * 5 * 4),
    ];
    kinds.map(|(color, depth, size)| png(color, depth, size)).to_vec()
}

fn png(color: png::ColorType, depth: png::BitDepth, size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 5, 4);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == png::ColorType::Indexed {
        encoder.set_palette((0..48).collect::<Vec<u8>>());
    }
    let samples: Vec<u8> = (0..size).map(|i| (i * 7) as u8).collect();
    encoder.write_header().unwrap().write_image_data(&samples).unwrap();
    bytes
}

/// JPEG files: colour, grey, progressive.
pub(super) fn jpegs() -> Vec<Vec<u8>> {
    use jpeg_encoder::ColorType;
    let kinds =
        [(ColorType::Rgb, 3, false), (ColorType::Luma, 1, false), (ColorType::Rgb, 3, true)];
    kinds
        .map(|(color, channels, progressive)| {
            let samples: Vec<u8> = (0..17 * 9 * channels).map(|i| (i * 5) as u8).collect();
            let mut bytes = Vec::new();
            let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 80);
            encoder.set_progressive(progressive);
            encoder.encode(&samples, 17, 9, color).unwrap();
            bytes
        })
        .to_vec()
}

/// What `write` puts into a file.
fn written(name: &str, write: impl FnOnce(&PathBuf)) -> Vec<u8> {
    let path = std::env::temp_dir().join(format!("lab-seed-{name}-{}", std::process::id()));
    write(&path);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    bytes
}
