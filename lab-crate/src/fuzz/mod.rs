//! Everything of the library that reads a file, under [`harness`].
//!
//! One more target is one more entry below. `cargo test -p lab-crate --lib fuzz` runs them, with `LAB_FUZZ=N` inputs
//! each, and `LAB_FUZZ_GROW=1` adds to the corpus in `tests/corpus/` what gives an outcome that is new. Not here:
//! what is read by `cargo lab`, the seeds (`seeds.rs`).
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod harness;
mod seeds;

use std::path::Path;

use candle_core::{Device, Var};

use crate::check::score;
use crate::data::{idx, mnist, rows};
use crate::optim::{Adam, Optimizer};
use crate::train::History;
use crate::vision::decode;
use crate::weights::{Weights, read};
use crate::{Error, Result};
use harness::{Target, isolated, run};

/// The largest image, in pixels, so that it fits under the bound in every step of its way.
const PIXELS: usize = 1 << 20;

#[test]
fn no_file_makes_the_library_panic_or_ask_for_much_memory() {
    isolated("fuzz::targets");
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn targets() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    run(&all(), &corpus);
}

/// An error of a file's content; any other kind is a mistake of ours.
fn told<T>(result: Result<T>) -> std::result::Result<(), String> {
    match result {
        Ok(_) => Ok(()),
        Err(Error::Data(text)) => Err(text),
        Err(other) => panic!("an error of another kind: {other}"),
    }
}

fn all() -> Vec<Target> {
    let header: &[&[u8]] = &[b"\0\0\x08\x01", b"\0\0\x08\x03", b"\xff\xff\xff\xff", b"\0\0\0\x1c"];
    let mut all = vec![
        Target {
            name: "idx",
            seeds: vec![seeds::idx(&[2, 1, 3]), seeds::idx(&[0, 5, 5])],
            tokens: header,
            read: |bytes, _| told(idx::parse("Проба", bytes, 3)),
        },
        Target {
            name: "mnist",
            seeds: vec![seeds::mnist(2)],
            tokens: header,
            read: |bytes, _| {
                let (images, labels) = bytes.split_at(bytes.len().saturating_sub(seeds::LABELS));
                told(mnist::digits(images, labels))
            },
        },
        Target {
            name: "rows",
            seeds: vec![b"\"a\",\"b\"\n1, 2.5\n-3,4e2\n".to_vec(), b"a,b\r\n".to_vec()],
            tokens: &[
                b"\"",
                b",",
                b"\n",
                b"\r\n",
                b"\"\"",
                b"nan",
                b"1e999",
                b"-",
                b"\xef\xbb\xbf",
            ],
            read: |bytes, _| match str::from_utf8(bytes) {
                Ok(text) => told(rows::read("Проба", text, true, 2)),
                Err(error) => Err(error.to_string()),
            },
        },
        Target {
            name: "history",
            seeds: vec![seeds::history()],
            tokens: &[b"step", b"epoch", b"diverged", b"observer", b"failed", b",", b"\n", b"\""],
            read: |_, path| told(History::from_csv(path)),
        },
        Target {
            name: "progress",
            seeds: vec![b"[\"1.1\"]\npassed = true\nattempts = 2\nhints = 1\n".to_vec()],
            tokens: &[b"[", b"]", b"[[", b"\"1.2\"", b"=", b"true", b"{", b"}", b"\n", b"'''"],
            read: |bytes, path| match str::from_utf8(bytes) {
                Ok(_) => told(score::read(path)),
                // What is no text is told as a file that cannot be read.
                Err(_) => score::read(path).map(|_| ()).map_err(|error| error.to_string()),
            },
        },
    ];
    all.extend(weights());
    all.extend(images());
    all
}

fn weights() -> Vec<Target> {
    let commands: &[&[u8]] = &[
        b"(",
        b".",
        b"t",
        b"R",
        b"Q",
        b")",
        b"]",
        b"}",
        b"N",
        b"s",
        b"e",
        b"u",
        b"a",
        b"b",
        b"q\0",
        b"h\0",
        b"\x85",
        b"\x86",
        b"\x87",
        b"K\x02",
        b"M\0\x01",
        b"J\xff\xff\xff\x7f",
        b"\x8a\x08",
        b"X\xff\xff\xff\xff",
        b"ctorch\nFloatStorage\n",
        b"ctorch\nLongStorage\n",
        b"ccollections\nOrderedDict\n",
        b"ctorch._utils\n_rebuild_tensor_v2\n",
        b"cos\nsystem\n",
        b"\x85\x85\x85\x85\x85\x85\x85\x85",
        b"((((((((",
        b"]]]]]]]]",
        b"X\x07\0\0\0storage",
    ];
    let read_weights: fn(&[u8], &Path) -> _ = |_, path| told(read(path));
    vec![
        Target {
            name: "pth-legacy",
            seeds: vec![
                seeds::legacy(2),
                include_bytes!("../weights/fixtures/legacy.pth").to_vec(),
            ],
            tokens: commands,
            read: read_weights,
        },
        Target {
            name: "pth-zip",
            seeds: vec![
                seeds::zip(seeds::OBJECT),
                include_bytes!("../weights/fixtures/zip.pth").to_vec(),
                include_bytes!("../weights/fixtures/checkpoint.pth").to_vec(),
            ],
            tokens: &[
                b"PK\x01\x02",
                b"PK\x03\x04",
                b"PK\x05\x06",
                b"PK\x06\x06",
                b"PK\x06\x07",
                b"data.pkl",
                b"../",
            ],
            read: read_weights,
        },
        Target {
            // The check sums of a zip file would stop most changes: here the archive is whole.
            name: "pth-object",
            seeds: vec![seeds::OBJECT.to_vec()],
            tokens: commands,
            read: |bytes, path| told(Weights::parse(&seeds::zip(bytes), path)),
        },
        Target {
            name: "safetensors",
            seeds: vec![seeds::safetensors(), seeds::optimizer()],
            tokens: &[
                b"{",
                b"}",
                b"[",
                b"]",
                b"\"dtype\":\"F32\"",
                b"\"shape\":[",
                b"\"data_offsets\":[0,8]",
                b"18446744073709551615",
                b"1152921504606846976",
                b"\"BF16\"",
                b"[[[[[[[[",
            ],
            read: read_weights,
        },
        Target {
            name: "optimizer",
            seeds: vec![seeds::optimizer()],
            tokens: &[b"\"I64\"", b"\"F64\"", b"\"U8\"", b"steps/0/0", b"exp_avg/0/0", b"[0,0]"],
            read: |_, path| {
                let w = Var::new(&[2f32, -1.0], &Device::Cpu).unwrap();
                told(Optimizer::new(Adam::lr(0.1), &w).unwrap().load(path))
            },
        },
    ]
}

fn images() -> Vec<Target> {
    let read: fn(&[u8], &Path) -> _ = |_, path| told(decode::file(path, PIXELS));
    vec![
        Target {
            name: "png",
            seeds: seeds::pngs(),
            tokens: &[b"IHDR", b"IDAT", b"PLTE", b"tRNS", b"IEND", b"zTXt", b"iCCP", b"acTL"],
            read,
        },
        Target {
            name: "jpeg",
            seeds: seeds::jpegs(),
            tokens: &[
                b"\xff\xd8",
                b"\xff\xd9",
                b"\xff\xda",
                b"\xff\xc0",
                b"\xff\xc2",
                b"\xff\xc4",
                b"\xff\xdb",
                b"\xff\xdd",
                b"\xff\xee",
                b"\xff\xe2",
                b"\xff\x00",
            ],
            read,
        },
    ]
}
