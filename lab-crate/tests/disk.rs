//! A disk that is full, cannot be written, or takes no more of a file: every writer of the library says so in the
//! student's language, and the file that was there stays.
//!
//! Each disaster happens in a process of its own; two need mounts of their own, which not every system gives.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use lab::Figure;
use lab::candle_core::{Device, Var};
use lab::data::standin_insects;
use lab::optim::{Adam, Optimizer};
use lab::train::{History, StepRecord};

/// What happens, and the folder it happens to: for the process that [`disaster`] starts.
const WHAT: &str = "LAB_DISASTER";
const FOLDER: &str = "LAB_DISASTER_FOLDER";
/// A small disk of its own, in namespaces that end with the process.
const MOUNT: &str = "mount -t tmpfs -o size=2m tmpfs \"$LAB_DISASTER_FOLDER\"";

type Writer = (&'static str, fn(&Path) -> lab::Result<()>);

/// Every writer, with the name of its file; all files are longer than what a full disk has left.
const WRITERS: [Writer; 7] = [
    ("weights.safetensors", |path| {
        let map = lab::candle_nn::VarMap::new();
        lab::nn::linear(100, 100, lab::nn::var_builder(&map, 0, &Device::Cpu).pp("fc"))?;
        lab::weights::save(&map, path)
    }),
    ("optimizer.safetensors", |path| {
        let w = Var::from_vec(vec![1f32; 5000], 5000, &Device::Cpu)?;
        Optimizer::new(Adam::lr(0.1), &w)?.save(path)
    }),
    ("history.csv", |path| {
        let step = |step| StepRecord { step, loss: 0.25, accuracy: None, lr: 0.1 };
        let mut history = History::default();
        history.steps = (1..1000).map(step).collect();
        history.to_csv(path)
    }),
    ("figure.svg", figure),
    ("figure.png", figure),
    ("progress.toml", |_| lab::hint(1.1).map(|_| ())),
    ("insects", |path| {
        let counts = standin_insects::Counts { train: [1, 1], val: [1, 1] };
        standin_insects::write(path.with_added_extension("new"), &counts, 1)
    }),
];

fn figure(path: &Path) -> lab::Result<()> {
    let numbers: Vec<f64> = (0..500).map(f64::from).collect();
    Figure::new().line(&numbers, &numbers)?.save(path)
}

/// Runs `writers` in a process to which `what` happens; `shell` prepares it and ends in its start.
fn disaster(what: &str, program: &[&str], shell: &str) {
    let folder = std::env::temp_dir().join(format!("lab-disk-{what}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let test = std::env::current_exe().unwrap();
    let run = |script: &str| {
        let output = Command::new(program[0])
            .args(&program[1..])
            .args(["sh", "-c", script, "sh"])
            .arg(&test)
            .args(["writers", "--exact", "--ignored", "--nocapture"])
            .env(WHAT, what)
            .env(FOLDER, &folder)
            .env("LAB_PROGRESS", folder.join("progress.toml"))
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    };
    let prepared = run(shell);
    if prepared.0 {
        let (passed, told) = run(&format!("{shell} && exec \"$@\""));
        assert!(passed && told.contains("1 passed"), "{what}: {told}");
    } else {
        println!("skipped {what}: this system does not allow it: {}", prepared.1.trim());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_that_may_not_grow_is_told_and_the_old_one_stays() {
    // The signal that ends a program at this limit is ignored, as a notebook server's children have it.
    disaster("limit", &["env"], "trap '' XFSZ");
}

#[test]
fn a_full_disk_is_told_and_the_old_file_stays() {
    disaster("full", &["unshare", "--user", "--map-root-user", "--mount"], MOUNT);
}

#[test]
fn a_folder_that_can_only_be_read_is_told_and_the_old_file_stays() {
    disaster("read-only", &["unshare", "--user", "--map-root-user", "--mount"], MOUNT);
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn writers() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("run by the tests above"));
    for (name, write) in WRITERS {
        write(&folder.join(name)).unwrap();
    }
    let what = std::env::var(WHAT).unwrap();
    // Of a set that is there no second one is drawn.
    std::fs::remove_dir_all(folder.join("insects.new")).unwrap();
    let reason = happen(&what, &folder);
    let before = content(&folder);
    for (name, write) in WRITERS {
        let error = write(&folder.join(name)).expect_err(name).to_string();
        assert!(error.starts_with("файл «") && error.contains(reason), "{name}: {error}");
        assert!(content(&folder) == before, "{name}: other files after the error");
    }
}

/// Lets it happen; returns what must be told of it.
fn happen(what: &str, folder: &Path) -> &'static str {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    match what {
        "limit" => {
            let maximum = getrlimit(Resource::Fsize).maximum;
            setrlimit(Resource::Fsize, Rlimit { current: Some(0), maximum }).unwrap();
            "файл больше, чем разрешает система"
        }
        "full" => {
            let mut filler = std::fs::File::create(folder.join("filler")).unwrap();
            while filler.write_all(&[1; 4096]).is_ok() {}
            "на диске нет места"
        }
        _ => {
            let mount = Command::new("mount").args(["-o", "remount,ro"]).arg(folder).status();
            assert!(mount.unwrap().success());
            "сюда можно только читать"
        }
    }
}

/// Everything in a folder, by name.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // The filler takes all the room there is, which another file may free for a moment.
        if path.is_file() && !path.ends_with("filler") {
            found.insert(path.clone(), std::fs::read(path).unwrap());
        } else if path.is_dir() {
            found.insert(path, Vec::new());
        }
    }
    found
}
