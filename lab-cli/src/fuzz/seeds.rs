//! Small files of every format, made by our own code; and some that are large only when unpacked.

use std::io::Write;

use crate::task::{Lab, Task};

/// The member that is taken out of an archive.
pub const MEMBER: &str = "a/b.txt";
/// The folder of images in an archive.
pub const TOP: &str = "set";
/// Images of a set, with a file that is none.
pub const IMAGES: [(&str, &[u8]); 3] =
    [("set/train/a/1.jpg", b"1"), ("set/val/a/2.PNG", b"22"), ("set/note.txt", b"3")];
/// What a bomb grows to in bytes: twice the bound on memory.
const LARGE: u64 = 128 << 20;

/// A tar with a link, a device, and the member twice.
pub fn tar() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut add = |name: &str, kind: tar::EntryType, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_path(name).unwrap();
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        if kind.is_symlink() {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        builder.append(&header, content).unwrap();
    };
    add("a/link", tar::EntryType::Symlink, b"");
    add("a/device", tar::EntryType::Char, b"");
    add(MEMBER, tar::EntryType::Regular, b"text");
    add(MEMBER, tar::EntryType::Regular, b"second");
    builder.into_inner().unwrap()
}

/// Bytes compressed with gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// A zip archive, uncompressed, so that a change reaches the content.
pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A zip archive of images, compressed.
pub fn images() -> Vec<u8> {
    crate::folder::tests::zip(&IMAGES)
}

/// Zeros that a few bytes of gzip become.
pub fn gzip_of_zeros() -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::copy(&mut std::io::Read::take(std::io::repeat(0), LARGE), &mut writer).unwrap();
    writer.finish().unwrap()
}

/// A tar.gz in which a member's name, in GNU's extension, is a large one.
pub fn long_name() -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path("././@LongLink").unwrap();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(LARGE);
    header.set_cksum();
    let writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut builder = tar::Builder::new(writer);
    builder.append(&header, std::io::Read::take(std::io::repeat(b'a'), LARGE)).unwrap();
    builder.into_inner().unwrap().finish().unwrap()
}

/// A zip archive whose member, an image too by its name, is large.
pub fn zip_of_zeros() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in [MEMBER, "set/1.jpg"] {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        let mut zeros = std::io::Read::take(std::io::repeat(0), LARGE);
        std::io::copy(&mut zeros, &mut writer).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A table of one task and one number.
pub const LABS: &str = r#"[[lab]]
notebook = "01-a"
[[lab.task]]
id = "1.1"
function = "f"
title = "Шаг"
points = 2
hints = ["вопрос"]
[[lab.number]]
name = "точность"
after = "точность: "
"#;

/// Notebooks with text as lines and as one.
pub fn notebooks() -> Vec<Vec<u8>> {
    let lines = serde_json::json!({
        "cells": [
            {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# 01. А\n", "текст"]},
            {"cell_type": "code", "id": "b", "metadata": {}, "execution_count": 1,
             "source": ["let seed: u64 = 42;"],
             "outputs": [{"output_type": "stream", "name": "stdout", "text": ["1.1 ✓\n"]}]}
        ],
        "metadata": {"kernelspec": {"display_name": "Rust", "language": "rust", "name": "rust"}},
        "nbformat": 4, "nbformat_minor": 5
    });
    let mut text = lines.clone();
    text["cells"][1]["source"] = "// TODO(1.1): шаг\nRng::seed(7)".into();
    text["cells"][1]["execution_count"] = serde_json::Value::Null;
    [lines, text].map(|notebook| serde_json::to_vec(&notebook).unwrap()).to_vec()
}

/// What is kept of an execution that failed.
pub fn execution() -> Vec<u8> {
    let mut outcome = crate::execution::Outcome {
        name: "execution".into(),
        seconds: 1.5,
        data: vec!["MNIST: настоящие данные".into()],
        numbers: vec![("точность".into(), Some("0.95".into())), ("шагов".into(), None)],
        ..Default::default()
    };
    outcome.failure =
        Some(crate::execution::Failure { cell: 3, line: "f()?;".into(), reason: "нет".into() });
    serde_json::to_vec_pretty(&outcome).unwrap()
}

/// A lab of one task.
pub fn lab() -> Lab {
    let task = Task { id: "1.1".into(), points: 2, ..Task::default() };
    Lab { tasks: vec![task], ..Lab::default() }
}

/// What is said of a submission: a verdict, then the whole result.
pub fn verdicts() -> Vec<u8> {
    let verdict =
        serde_json::json!({"id": "1.1", "title": "", "points": 2, "max": 2, "text": "решено"});
    let result = serde_json::json!({"tasks": [verdict], "remarks": [], "answers": ["Потому."]});
    format!(
        "{}\n{}\n",
        serde_json::json!({ "verdict": verdict }),
        serde_json::json!({ "result": result })
    )
    .into_bytes()
}
