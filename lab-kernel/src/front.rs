//! The front role: stands where evcxr and rust-analyzer look for `cargo`.
//!
//! Nine tenths of a small cell's build is cargo finding out that 140 dependencies are still fresh. The
//! front remembers, per Cargo.toml, the rustc call that cargo makes for the cell's crate, and makes it
//! directly; it remembers what read-only queries (`cargo metadata`, …) answer. What it does not know goes
//! to the real cargo, with progress reported to the kernel. What evcxr's crate needs to be told apart from
//! other crates is only its folder: everything else is passed through untouched.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::frame::Frame;
use crate::home::HOME;
use crate::{patch, session, tree};

/// Where the wrapped rustc writes the call it made.
const RECORD: &str = "LAB_KERNEL_RECORD";

/// A remembered rustc call or query answer, with the folder it was made in.
#[derive(Serialize, Deserialize)]
struct Memory {
    root: String,
    /// Program and arguments of a rustc call; empty for a query.
    call: Vec<String>,
    /// Environment that cargo adds for rustc.
    env: Vec<(String, String)>,
    /// What a query printed.
    stdout: String,
}

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
    if args == ["which", "cargo"] {
        let home = std::env::var(HOME).context("LAB_KERNEL_HOME is not set")?;
        println!("{home}/bin/cargo");
        return Ok(0);
    }
    let home = std::env::var_os(HOME).map(|home| Path::new(&home).join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let real = std::env::split_paths(&path)
        .filter(|dir| Some(dir) != home.as_ref())
        .map(|dir| dir.join("rustup"))
        .find(|file| file.exists());
    match real {
        Some(real) => Err(Command::new(real).args(args).exec().into()),
        None => Ok(1),
    }
}

fn cargo(args: &[String]) -> Result<i32> {
    let real = std::env::var_os(session::REAL_CARGO).context("LAB_KERNEL_CARGO is not set")?;
    let root = std::env::var_os(session::SESSION).map(PathBuf::from);
    let here = std::env::current_dir()?;
    if let Some(root) = root.filter(|root| *root == here) {
        let front = Front { real: real.clone().into(), root };
        match args.first().map(String::as_str) {
            Some("build") => return front.build(args),
            Some("metadata" | "config" | "rustc") => return front.query(args),
            _ => {}
        }
    }
    Err(Command::new(real).args(args).exec().into())
}

struct Front {
    real: PathBuf,
    root: PathBuf,
}

impl Front {
    fn build(&self, args: &[String]) -> Result<i32> {
        patch::apply(&self.root.join("src/lib.rs"))?;
        let key = self.key(args)?;
        if let Some((memory, inputs)) = self.recall(&key) {
            return self.call_rustc(&memory, &inputs);
        }
        self.materialize()?;
        let record = self.root.join("memory").join(format!("{key}.part"));
        fs::create_dir_all(self.root.join("memory"))?;
        let home = std::env::var(HOME).context("LAB_KERNEL_HOME is not set")?;
        let mut child = Command::new(&self.real)
            .args(args)
            .env("RUSTC_WRAPPER", format!("{home}/bin/lab-rustc"))
            .env(RECORD, &record)
            .env("CARGO_TERM_PROGRESS_WHEN", "always")
            .env("CARGO_TERM_PROGRESS_WIDTH", "200")
            .stderr(Stdio::piped())
            // A group of its own: an interrupt must reach cargo's rustc and build scripts too.
            .process_group(0)
            .spawn()?;
        let guard = BuildGuard::watch(&child, &self.root)?;
        follow_cargo(&mut child)?;
        let status = child.wait()?;
        guard.finish(&self.root);
        if status.success() && record.exists() {
            fs::rename(&record, record.with_extension("json"))?;
        }
        Ok(status.code().unwrap_or(101))
    }

    /// Cargo needs a target folder of its own; a session gets one only when cargo really runs.
    fn materialize(&self) -> Result<()> {
        let Some(template) = self.template() else { return Ok(()) };
        if self.root.join("linked").exists() {
            return Ok(());
        }
        tree::link(&template.join("target"), &self.root.join("target"), &["ctx"])?;
        if !self.root.join("Cargo.lock").exists() {
            let _ = fs::copy(template.join("Cargo.lock"), self.root.join("Cargo.lock"));
        }
        fs::write(self.root.join("linked"), "")?;
        Ok(())
    }

    fn call_rustc(&self, memory: &Memory, inputs: &Path) -> Result<i32> {
        let root = self.root.to_string_lossy();
        let inputs = inputs.to_string_lossy();
        let mut command = Command::new(memory.call.first().context("an empty rustc call")?);
        let mut out_dir = None;
        let mut before = "";
        for arg in &memory.call[1..] {
            let is_input = arg.starts_with("dependency=") || before == "--extern" || before == "-L";
            let place = if is_input { &inputs } else { &root };
            let arg_here = arg.replace(&memory.root, place);
            if before == "--out-dir" {
                fs::create_dir_all(&arg_here)?;
                out_dir = Some(PathBuf::from(&arg_here));
            }
            command.arg(arg_here);
            before = arg;
        }
        for (name, value) in &memory.env {
            let place = if name == "LD_LIBRARY_PATH" { &inputs } else { &root };
            command.env(name, value.replace(&memory.root, place));
        }
        let status = command.status().context("rustc did not start")?;
        if status.success() {
            let out_dir = out_dir.context("a rustc call without --out-dir")?;
            let file = format!("{}ctx{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
            let artifact = serde_json::json!({
                "reason": "compiler-artifact",
                "target": { "name": "ctx" },
                "filenames": [out_dir.join(file)],
            });
            println!("{artifact}");
        }
        Ok(status.code().unwrap_or(101))
    }

    fn query(&self, args: &[String]) -> Result<i32> {
        let key = self.key(args)?;
        let root = self.root.to_string_lossy().into_owned();
        if let Some((memory, _)) = self.recall(&key) {
            print!("{}", memory.stdout.replace(&memory.root, &root));
            return Ok(0);
        }
        let output = Command::new(&self.real).args(args).stderr(Stdio::inherit()).output()?;
        std::io::stdout().write_all(&output.stdout)?;
        if output.status.success() {
            let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
            let memory = Memory { root, call: Vec::new(), env: Vec::new(), stdout };
            fs::create_dir_all(self.root.join("memory"))?;
            let part = self.root.join("memory").join(format!("{key}.part"));
            fs::write(&part, serde_json::to_vec(&memory)?)?;
            fs::rename(&part, part.with_extension("json"))?;
        }
        Ok(output.status.code().unwrap_or(101))
    }

    /// Everything that decides what cargo would answer, apart from the folder itself.
    fn key(&self, args: &[String]) -> Result<String> {
        let root = self.root.to_string_lossy().into_owned();
        let mut hash = Sha256::new();
        hash.update(fs::read(self.root.join("Cargo.toml")).unwrap_or_default());
        for arg in args {
            hash.update(arg.replace(&root, "").as_bytes());
            hash.update([0]);
        }
        for name in ["RUSTC", "RUSTFLAGS", "RUSTUP_TOOLCHAIN"] {
            hash.update(std::env::var(name).unwrap_or_default().as_bytes());
            hash.update([0]);
        }
        Ok(hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// A remembered answer and the folder in which its inputs lie.
    fn recall(&self, key: &str) -> Option<(Memory, PathBuf)> {
        std::iter::once(self.root.clone()).chain(self.template()).find_map(|dir| {
            let bytes = fs::read(dir.join("memory").join(format!("{key}.json"))).ok()?;
            Some((serde_json::from_slice(&bytes).ok()?, dir))
        })
    }

    fn template(&self) -> Option<PathBuf> {
        fs::read_to_string(self.root.join("template")).ok().map(PathBuf::from)
    }
}

/// Ends a build when it is interrupted or its kernel is gone.
struct BuildGuard {
    done: Arc<AtomicBool>,
    thread: JoinHandle<bool>,
}

impl BuildGuard {
    fn watch(child: &Child, root: &Path) -> Result<BuildGuard> {
        const STEP: Duration = Duration::from_millis(50);
        let done = Arc::new(AtomicBool::new(false));
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let interrupt = root.join("interrupt");
        let kernel = std::env::var(session::SOCKET).ok().and_then(|s| UnixStream::connect(s).ok());
        if let Some(kernel) = &kernel {
            kernel.set_nonblocking(true)?;
        }
        let finished = Arc::clone(&done);
        let thread = std::thread::spawn(move || {
            while !finished.load(Ordering::Relaxed) {
                let gone = kernel.as_ref().is_some_and(|mut k| matches!(k.read(&mut [0u8]), Ok(0)));
                if gone || interrupt.exists() {
                    if let Some(group) = group {
                        let _ = kill_process_group(group, Signal::KILL);
                    }
                    return gone;
                }
                std::thread::sleep(STEP);
            }
            false
        });
        Ok(BuildGuard { done, thread })
    }

    fn finish(self, root: &Path) {
        self.done.store(true, Ordering::Relaxed);
        if self.thread.join().unwrap_or(false) {
            // Nobody is left to remove what cargo wrote after the kernel's end.
            session::remove(root);
        }
    }
}

/// Reports cargo's progress to the kernel and passes the rest of its stderr on.
fn follow_cargo(child: &mut Child) -> Result<()> {
    let stderr = child.stderr.take().context("cargo has no stderr")?;
    let mut kernel = std::env::var(session::SOCKET).ok().and_then(|s| UnixStream::connect(s).ok());
    let mut input = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        if read_progress_line(&mut input, &mut line)? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line);
        if let Some((done, total, name)) = progress(&text) {
            if let Some(stream) = kernel.as_mut() {
                let _ = Frame::Compiling(done, total, name).write(stream);
            }
        } else if !is_noise(&text) {
            eprintln!("{}", text.trim_end());
        }
    }
}

/// Reads up to `\n` or `\r`.
fn read_progress_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> Result<usize> {
    let mut total = 0;
    loop {
        let available = input.fill_buf()?;
        if available.is_empty() {
            return Ok(total);
        }
        let end = available.iter().position(|&byte| byte == b'\n' || byte == b'\r');
        let used = end.map_or(available.len(), |at| at + 1);
        line.extend_from_slice(&available[..used]);
        input.consume(used);
        total += used;
        if end.is_some() {
            return Ok(total);
        }
    }
}

/// `Building [===> ] 12/140: candle-core, gemm` -> (12, 140, "candle-core").
fn progress(text: &str) -> Option<(u32, u32, String)> {
    let rest = &text[text.find("Building [")?..];
    let (counts, names) = rest[rest.find(']')? + 1..].split_once(':')?;
    let (done, total) = counts.trim().split_once('/')?;
    let name = names.split([',', '(']).next().unwrap_or("").trim().to_owned();
    // The cell's own crate is no news.
    (name != "ctx").then_some((done.parse().ok()?, total.parse().ok()?, name))
}

fn is_noise(text: &str) -> bool {
    const WORDS: [&str; 8] =
        ["Compiling", "Finished", "Updating", "Locking", "Adding", "Building [", "Downloaded", "Downloading"];
    let bare = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let bare = bare.strip_prefix("[K").unwrap_or(bare).trim_start();
    bare.is_empty() || WORDS.iter().any(|word| bare.starts_with(word))
}

/// Runs rustc for cargo and writes down the call that compiles the cell's crate.
fn record_rustc(args: &[String]) -> Result<i32> {
    let is_cell = args.windows(2).any(|pair| pair == ["--crate-name", "ctx"])
        && args.iter().any(|arg| arg.contains("link"));
    if is_cell && let (Ok(path), Ok(root)) = (std::env::var(RECORD), std::env::var(session::SESSION)) {
        let env = std::env::vars()
            .filter(|(name, _)| name.starts_with("CARGO_") || name == "LD_LIBRARY_PATH")
            .collect();
        let memory = Memory { root, call: args.to_vec(), env, stdout: String::new() };
        fs::write(path, serde_json::to_vec(&memory)?)?;
    }
    let (rustc, rest) = args.split_first().context("lab-rustc needs a rustc to run")?;
    Err(Command::new(rustc).args(rest).exec().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_progress_is_read() {
        let line = "\u{1b}[K    Building [=======>      ] 12/140: candle-core, gemm(build)\r";
        assert_eq!(progress(line), Some((12, 140, "candle-core".to_owned())));
        assert_eq!(progress("   Compiling candle-core v0.11.1"), None);
        assert!(is_noise("   Compiling candle-core v0.11.1\n"));
        assert!(!is_noise("error: no matching package named `x` found\n"));
    }
}
