//! Everything of `cargo lab` that reads a file of somebody else's, under the library's harness.
//!
//! The harness knows nothing of what is read, and both crates compile the one file: it is needed by tests alone, so
//! a crate or a feature of its own would be more than it is. One more target is one more entry below.
//! `cargo test -p lab-cli fuzz` runs them, with `LAB_FUZZ=N` inputs each, and `LAB_FUZZ_GROW=1` adds to the corpus
//! in `tests/corpus/`. Not here: the seeds (`seeds.rs`), what the Python programs read (`tests/test_notebooks_read.py`).
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../../lab-crate/src/fuzz/harness/mod.rs"]
mod harness;
mod room;
mod seeds;

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::archive;
use crate::execution;
use crate::folder;
use crate::grade::outcome::Outcome;
use crate::grade::sandbox::End;
use crate::notebook_file::NotebookFile;
use crate::task;
use harness::{Target, isolated, run};
use room::Room;

/// The most bytes that an archive may leave behind.
const LIMIT: u64 = 1000;

/// Pieces of archives, and members' names that lead elsewhere.
const PIECES: &[&[u8]] = &[
    b"../",
    b"..\\",
    b"/",
    b"./",
    b"\0",
    b"a/b.txt",
    b"set/../../evil.jpg",
    b"C:\\evil.jpg",
    room::OUTSIDE.as_bytes(),
    b"set/a.jpg/b.jpg",
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"\xff\xff\xff\xff",
    b"ustar\0",
    b"ustar  \0",
];

#[test]
fn no_file_makes_the_program_panic_leave_its_folder_or_ask_for_much() {
    isolated("fuzz::targets");
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn targets() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    run(&archives(), &corpus);
    run(&texts(), &corpus);
}

#[test]
fn an_archive_that_grows_when_unpacked_takes_neither_memory_nor_disk() {
    isolated("fuzz::bombs");
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn bombs() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = [seeds::gzip_of_zeros(), seeds::long_name(), seeds::zip_of_zeros()];
    harness::memory::bound(harness::BOUND);
    for (number, bytes) in inputs.iter().enumerate() {
        assert!(bytes.len() < 1 << 20, "{number}: {} bytes", bytes.len());
        let path = folder.path().join(number.to_string());
        fs::write(&path, bytes).unwrap();
        let room = Room::beside(&path);
        let outcomes = [
            archive::unpack(&path, &room.file(), LIMIT),
            archive::extract(&path, seeds::MEMBER, &room.file(), LIMIT),
            folder::unpack(&path, seeds::TOP, &room.folder(), LIMIT),
        ];
        let told: Vec<String> = outcomes.iter().map(|outcome| format!("{outcome:?}")).collect();
        assert!(outcomes.iter().any(|outcome| outcome.is_err()), "{number}: {told:?}");
        room.check(LIMIT);
    }
}

/// An error's text, which must be in the student's language.
fn told<T>(result: Result<T>) -> std::result::Result<(), String> {
    let Err(error) = result else { return Ok(()) };
    let text = format!("{error:#}");
    let is_russian = |c: char| ('а'..='я').contains(&c);
    assert!(text.contains(is_russian), "an error only in English: {text}");
    Err(text)
}

/// What an archive leaves behind, which must be in its place and not too much.
fn unpacked(
    path: &Path,
    unpack: impl FnOnce(&Room) -> Result<()>,
) -> std::result::Result<(), String> {
    let room = Room::beside(path);
    let outcome = told(unpack(&room));
    room.check(LIMIT);
    outcome
}

fn archives() -> Vec<Target> {
    let member: fn(&[u8], &Path) -> _ =
        |_, path| unpacked(path, |room| archive::extract(path, seeds::MEMBER, &room.file(), LIMIT));
    let images: fn(&[u8], &Path) -> _ = |_, path| {
        unpacked(path, |room| {
            folder::unpack(path, seeds::TOP, &room.folder(), LIMIT)?;
            folder::sha256(&room.folder()).map(|_| ())
        })
    };
    let target = |name, seeds, read| Target { name, seeds, tokens: PIECES, read };
    vec![
        target("tar-gz", vec![seeds::gzip(&seeds::tar())], member),
        // The check sum of gzip would stop most changes: here the compression is whole.
        target("tar", vec![seeds::tar()], |bytes, path| {
            fs::write(path, seeds::gzip(bytes)).unwrap();
            unpacked(path, |room| archive::extract(path, seeds::MEMBER, &room.file(), LIMIT))
        }),
        target("zip", vec![seeds::zip(&[(seeds::MEMBER, b"text")])], member),
        target("zip-images", vec![seeds::images(), seeds::zip(&seeds::IMAGES)], images),
        target("gzip", vec![seeds::gzip(b"text")], |_, path| {
            unpacked(path, |room| archive::unpack(path, &room.file(), LIMIT))
        }),
    ]
}

fn texts() -> Vec<Target> {
    let json: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"]",
        b"[[[[[[[[[[[[[[[[",
        b"{\"a\":{\"a\":{\"a\":",
        b"null",
        b"-1",
        b"1e999",
        b"\"\\ud800\"",
        b"\"cells\":",
        b"\"source\":",
        b"\"cells\":[],",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\n",
    ];
    let toml: &[&[u8]] = &[
        b"[",
        b"]",
        b"[[lab]]\n",
        b"[[lab.task]]\n",
        b"=",
        b"\"",
        b"'''",
        b"{",
        b"\n",
        b"a.a.a.a=",
    ];
    vec![
        Target {
            name: "labs",
            seeds: vec![seeds::LABS.as_bytes().to_vec()],
            tokens: toml,
            read: |bytes, _| match str::from_utf8(bytes) {
                Ok(text) => told(task::parse(text)),
                Err(error) => Err(error.to_string()),
            },
        },
        Target {
            name: "ipynb",
            seeds: seeds::notebooks(),
            tokens: json,
            read: |_, path| {
                told(NotebookFile::read(path).map(|file| (file.seed(), file.is_executed())))
            },
        },
        Target {
            name: "execution",
            seeds: vec![seeds::execution()],
            tokens: json,
            read: |bytes, path| {
                let folder = path.parent().unwrap();
                let file = folder.join("execution.json");
                fs::write(&file, bytes).unwrap();
                let outcome = execution::Outcome::read(folder, "execution");
                fs::remove_file(file).unwrap();
                outcome.map(|_| ()).ok_or_else(|| "is made anew".to_owned())
            },
        },
        Target {
            name: "verdicts",
            seeds: vec![seeds::verdicts()],
            tokens: json,
            read: |bytes, _| {
                let lab = seeds::lab();
                let said = String::from_utf8_lossy(bytes);
                let outcome = Outcome::read(&said, &lab, &End::Itself(true));
                if outcome.remarks.is_empty() { Ok(()) } else { Err(outcome.remark()) }
            },
        },
    ]
}
