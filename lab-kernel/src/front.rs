//! The front role: stands where evcxr and rust-analyzer look for `cargo`.
//!
//! Much of a small cell's build is cargo finding out that all dependencies are still fresh. The front
//! remembers, per Cargo.toml, the rustc call that cargo makes for the cell's crate, and makes it
//! directly; it remembers what read-only queries (`cargo metadata`, …) answer. What it does not know goes
//! to the real cargo, with progress reported to the kernel. What evcxr's crate needs to be told apart from
//! other crates is only its folder: everything else is passed through untouched.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::home::HOME;
use crate::memory::{self, Memory};
use crate::opening::Opening;
use crate::tree::{self, Large};
use crate::{graph, guard, moved, outlines, patch, progress, session, tools};

/// Where the wrapped rustc writes the call it made.
const RECORD: &str = "LAB_KERNEL_RECORD";

/// Handles a call as `cargo`, `rustup` or `lab-rustc`; returns the exit code.
///
/// # Errors
/// When the real tool cannot be started.
pub fn run(tool: &str, args: &[String]) -> Result<i32> {
    match tool {
        "rustup" => rustup(args),
        "lab-rustc" => record_rustc(args),
        _ => cargo(args),
    }
}

fn rustup(args: &[String]) -> Result<i32> {
    let front =
        Path::new(&std::env::var_os(HOME).context("LAB_KERNEL_HOME is not set")?).join("bin");
    if args == ["which", "cargo"] {
        println!("{}", front.join("cargo").display());
        return Ok(0);
    }
    // Found when the session began; rustup takes a while to say it once more.
    if args == ["which", "rustc"]
        && let Ok(rustc) = std::env::var(tools::RUSTC)
    {
        println!("{rustc}");
        return Ok(0);
    }
    match tools::behind_front(&front, "rustup") {
        Some(real) => Err(Command::new(real).args(args).exec().into()),
        None => Ok(1),
    }
}

fn cargo(args: &[String]) -> Result<i32> {
    let real = std::env::var_os(tools::CARGO).context("LAB_KERNEL_CARGO is not set")?;
    let root = std::env::var_os(session::SESSION).map(PathBuf::from);
    let here = std::env::current_dir()?;
    if let Some(root) = root {
        let is_cell = root == here;
        let front = Front { real: real.clone().into(), root, here };
        match args.first().map(String::as_str) {
            Some("build") if is_cell => return front.build(args),
            Some("check") if is_cell => return front.check(args),
            _ => {}
        }
        if is_query(args) {
            return front.query(args);
        }
    }
    Err(session::clean_environment(Command::new(real).args(args)).exec().into())
}

/// Whether the call only asks: these are rust-analyzer's and evcxr's questions.
fn is_query(args: &[String]) -> bool {
    let has = |word: &str| args.iter().any(|arg| arg == word);
    ["metadata", "config", "locate-project", "--version"].iter().any(|word| has(word))
        || (has("rustc") && has("--print"))
}

struct Front {
    real: PathBuf,
    /// The session's folder.
    root: PathBuf,
    /// Where cargo was called.
    here: PathBuf,
}

impl Front {
    fn build(&self, args: &[String]) -> Result<i32> {
        patch::apply(&self.source())?;
        let key = self.key(args, read);
        if let Some((memory, inputs)) = self.recall(&key) {
            return self.compile(&key, &memory, &inputs);
        }
        self.materialize()?;
        let record = memory::part(&self.root, &key);
        self.make_folder(&self.root.join(memory::FOLDER))?;
        let home = std::env::var(HOME).context("LAB_KERNEL_HOME is not set")?;
        let mut child = session::clean_environment(&mut Command::new(&self.real))
            .args(args)
            .env("RUSTC_WRAPPER", format!("{home}/bin/lab-rustc"))
            .env(RECORD, &record)
            .env("CARGO_TERM_PROGRESS_WHEN", "always")
            .env("CARGO_TERM_PROGRESS_WIDTH", "200")
            .stderr(Stdio::piped())
            // A group of its own: an interrupt must reach cargo's rustc and build scripts too.
            .process_group(0)
            .spawn()?;
        let guard = guard::BuildGuard::watch(&child, &self.root)?;
        progress::follow(&mut child)?;
        let status = child.wait()?;
        guard.finish(&self.root);
        if status.success() && record.exists() {
            memory::finish(&record)?;
        }
        Ok(status.code().unwrap_or(101))
    }

    /// evcxr checks a cell that it cannot run. Cargo would compile every dependency once more for that;
    /// the rustc call of a build, told to stop before code generation, says the same.
    fn check(&self, args: &[String]) -> Result<i32> {
        let mut build = args.to_vec();
        if let Some(first) = build.first_mut() {
            *first = "build".to_owned();
        }
        if let Some((memory, inputs)) = self.recall(&self.key(&build, read)) {
            return Ok(self.call_rustc(&memory, &inputs, &["--emit=metadata"])?.0);
        }
        self.materialize()?;
        let mut command = Command::new(&self.real);
        Err(session::clean_environment(command.args(args)).exec().into())
    }

    /// Cargo needs a target folder of its own; a session gets one only when cargo really runs. What is large in it
    /// is the template's: behind a class's walls a hard link is impossible, and a copy would be half a gigabyte.
    fn materialize(&self) -> Result<()> {
        let Some(template) = self.template() else { return Ok(()) };
        if self.root.join("linked").exists() {
            return Ok(());
        }
        tree::link(&template.join("target"), &self.root.join("target"), &["ctx"], Large::Shown)?;
        if !self.root.join("Cargo.lock").exists() {
            let _ = fs::copy(template.join("Cargo.lock"), self.root.join("Cargo.lock"));
        }
        fs::write(self.root.join("linked"), "")?;
        Ok(())
    }

    /// Compiles a cell by a remembered call; says so as cargo would.
    fn compile(&self, key: &str, memory: &Memory, inputs: &Path) -> Result<i32> {
        let root = self.root.to_string_lossy();
        let mut args = memory.call.iter().skip_while(|arg| *arg != "--out-dir").skip(1);
        let out_dir = args.next().context("a rustc call without --out-dir")?;
        let out_dir = PathBuf::from(out_dir.replace(&memory.root, &root));
        self.make_folder(&out_dir)?;
        let name = format!("{}ctx{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
        let cell = out_dir.join(name);
        let opening =
            self.template().map(|template| Opening::of(&template, key, &read(&self.source())));
        let given = opening.as_ref().and_then(|opening| opening.give(&root, &cell));
        let code = if let Some(code) = given {
            code
        } else {
            let (code, messages) = self.call_rustc(memory, inputs, &[])?;
            if let Some(opening) = opening {
                opening.keep(&root, &cell, code, messages)?;
            }
            code
        };
        if code == 0 {
            let artifact = serde_json::json!({
                "reason": "compiler-artifact",
                "target": { "name": "ctx" },
                "filenames": [cell],
            });
            println!("{artifact}");
        }
        Ok(code)
    }

    /// Makes a remembered call here; `instead`, if not empty, takes the place of its `--emit`. Returns the exit code and
    /// the messages that were passed on.
    fn call_rustc(
        &self,
        memory: &Memory,
        inputs: &Path,
        instead: &[&str],
    ) -> Result<(i32, String)> {
        let root = self.root.to_string_lossy();
        let inputs = inputs.to_string_lossy();
        let mut command = Command::new(memory.call.first().context("an empty rustc call")?);
        let mut before = "";
        for arg in &memory.call[1..] {
            let is_input = arg.starts_with("dependency=") || before == "--extern" || before == "-L";
            let place = if is_input { &inputs } else { &root };
            if instead.is_empty() || !arg.starts_with("--emit") {
                command.arg(arg.replace(&memory.root, place));
            }
            before = arg;
        }
        command.args(instead);
        for (name, value) in &memory.env {
            let place = if name == "LD_LIBRARY_PATH" { &inputs } else { &root };
            command.env(name, value.replace(&memory.root, place));
        }
        let (status, messages) = moved::run_rustc(&mut command, &self.source())?;
        Ok((status.code().unwrap_or(101), messages))
    }

    /// The source of the cell that evcxr wants to be built.
    fn source(&self) -> PathBuf {
        self.root.join("src/lib.rs")
    }

    fn query(&self, args: &[String]) -> Result<i32> {
        let root = self.root.to_string_lossy().into_owned();
        let key = self.key(args, read);
        let with_library = self.key(args, |path| self.manifest_with_library(path));
        if let Some((memory, _)) = self.recall(&with_library).or_else(|| self.recall(&key)) {
            print!("{}", memory.stdout.replace(&memory.root, &root));
            return Ok(memory.code);
        }
        let mut command = Command::new(&self.real);
        let output =
            session::clean_environment(command.args(args).stderr(Stdio::inherit())).output()?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let outlines = self.root.join(outlines::FOLDER);
        let is_builder = self.template().is_none();
        let outline_of = |name: &str, version: &str, root: &Path| {
            outlines::of_crate(&outlines, name, version, root, is_builder)
        };
        let stdout = graph::prune(&stdout, &outline_of).unwrap_or(stdout);
        std::io::stdout().write_all(stdout.as_bytes())?;
        let code = output.status.code().unwrap_or(101);
        // A failure may be mended by the next try; that an option is unknown to this cargo stays true.
        if code != 0 && !args.iter().any(|arg| arg.starts_with("-Z")) {
            return Ok(code);
        }
        self.make_folder(&self.root.join(memory::FOLDER))?;
        let part = memory::part(&self.root, &key);
        Memory { root, stdout, code, ..Memory::default() }.write(&part)?;
        memory::finish(&part)?;
        Ok(code)
    }

    /// Everything that decides what cargo would answer, apart from the folder itself.
    fn key(&self, args: &[String], manifest: impl Fn(&Path) -> String) -> String {
        let root = self.root.to_string_lossy().into_owned();
        let mut hash = Sha256::new();
        hash.update(self.here.to_string_lossy().replace(&root, "").as_bytes());
        let mut path = self.here.join("Cargo.toml");
        let mut before = "";
        for arg in args {
            // rust-analyzer copies a lock file to a new place each time; its content stays.
            if before != "--lockfile-path" {
                hash.update(arg.replace(&root, "").as_bytes());
                hash.update([0]);
            }
            if before == "--manifest-path" {
                path = self.here.join(arg);
            }
            before = arg;
        }
        hash.update(manifest(&path));
        for name in [tools::RUSTC, "RUSTFLAGS"] {
            hash.update(std::env::var(name).unwrap_or_default().as_bytes());
            hash.update([0]);
        }
        memory::name(hash)
    }

    /// evcxr starts every session without dependencies and adds the library a moment later.
    /// rust-analyzer gets the library's crate graph from the beginning, or it would load all twice.
    fn manifest_with_library(&self, manifest: &Path) -> String {
        let text = read(manifest);
        let is_bare = *manifest == self.root.join("Cargo.toml")
            && text.trim_end().ends_with("[dependencies]");
        match self.template() {
            Some(template) if is_bare => read(&template.join("Cargo.toml")),
            _ => text,
        }
    }

    /// Makes a folder below the session's, which must be there still: when the kernel has ended nobody would remove it.
    fn make_folder(&self, folder: &Path) -> Result<()> {
        anyhow::ensure!(self.root.exists(), "the session in {} has ended", self.root.display());
        Ok(fs::create_dir_all(folder)?)
    }

    /// A remembered answer and the folder in which its inputs lie.
    fn recall(&self, key: &str) -> Option<(Memory, PathBuf)> {
        std::iter::once(self.root.clone())
            .chain(self.template())
            .find_map(|dir| Some((Memory::read(&dir, key)?, dir)))
    }

    fn template(&self) -> Option<PathBuf> {
        session::template(&self.root)
    }
}

/// The text of a manifest; a missing one reads as empty.
fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Runs rustc for cargo and writes down the call that compiles the cell's crate.
fn record_rustc(args: &[String]) -> Result<i32> {
    let is_cell = args.windows(2).any(|pair| pair == ["--crate-name", "ctx"])
        && args.iter().any(|arg| arg.contains("link"));
    if is_cell
        && let (Ok(path), Ok(root)) = (std::env::var(RECORD), std::env::var(session::SESSION))
    {
        let env = std::env::vars()
            .filter(|(name, _)| name.starts_with("CARGO_") || name == "LD_LIBRARY_PATH")
            // The job server of that cargo is long gone.
            .filter(|(name, _)| name != "CARGO_MAKEFLAGS")
            .collect();
        let call = args.to_vec();
        Memory { root, call, env, ..Memory::default() }.write(Path::new(&path))?;
    }
    let (rustc, rest) = args.split_first().context("lab-rustc needs a rustc to run")?;
    Err(Command::new(rustc).args(rest).exec().into())
}
