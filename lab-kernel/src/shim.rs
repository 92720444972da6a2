//! The shim role: stands between evcxr and the runtime process.
//!
//! evcxr believes the shim is its runtime. The shim starts the real one, hands it evcxr's instructions,
//! and sorts its output: control lines go on to evcxr, everything a student sees goes to the kernel as
//! frames (see `frame.rs`). It outlives a crashing runtime long enough to say how it ended, and when the
//! kernel itself is gone it kills the runtime and removes the session's folder. Programs that a cell has left
//! running end with the runtime (`orphan.rs`).

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::frame::{Fault, Frame};
use crate::home::LAB_CRATE;
use crate::marker::{Piece, Splitter};
use crate::{orphan, session, template};

/// Environment variable that tells the shim apart from the runtime.
pub const ROLE: &str = "LAB_KERNEL_ROLE";
const CHUNK: usize = 1 << 16;
/// How long text that looks like the start of a marker may be held back, in nanoseconds.
const HOLD_NS: i64 = 30_000_000;

/// Runs until evcxr closes our input or the runtime ends; returns the exit code to use.
///
/// # Errors
/// When the kernel's socket or the runtime process cannot be had.
pub fn run() -> Result<i32> {
    let socket = std::env::var(session::SOCKET).context("LAB_KERNEL_SOCKET is not set")?;
    let kernel = UnixStream::connect(&socket).with_context(|| format!("no kernel at {socket}"))?;
    orphan::adopt().context("the shim cannot look after what the cells start")?;
    let mut child = session::clean_environment(&mut Command::new(std::env::current_exe()?))
        .env(ROLE, "runtime")
        .env("RUST_BACKTRACE", "0")
        .envs(library_environment())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("the runtime process did not start")?;
    let code = Shim::new(kernel, &mut child)?.relay(&mut child);
    let _ = child.kill();
    let _ = child.wait();
    orphan::end();
    session::remove_if_abandoned();
    code
}

/// What the library wants in the cells' environment, less what is set there already.
fn library_environment() -> Vec<(String, String)> {
    let Some(lab_crate) = std::env::var_os(LAB_CRATE) else { return Vec::new() };
    // An unreadable Cargo.toml has been told by the template's build.
    let mut wanted = template::cell_environment(Path::new(&lab_crate)).unwrap_or_default();
    wanted.retain(|(name, _)| std::env::var_os(name).is_none());
    wanted
}

struct Shim {
    kernel: UnixStream,
    frames: BufWriter<UnixStream>,
    instructions: ChildStdin,
    splitter: Splitter,
    panics: Vec<Fault>,
    runtime: u32,
    partial_instruction: Vec<u8>,
    /// Whether the running cell is the engine's own, whose output nobody should see.
    muted: bool,
}

impl Shim {
    fn new(kernel: UnixStream, child: &mut Child) -> Result<Shim> {
        let instructions = child.stdin.take().context("the runtime has no stdin")?;
        let mut frames = BufWriter::with_capacity(CHUNK, kernel.try_clone()?);
        Frame::Started(child.id()).write(&mut frames)?;
        frames.flush()?;
        Ok(Shim {
            kernel,
            frames,
            instructions,
            splitter: Splitter::default(),
            panics: Vec::new(),
            runtime: child.id(),
            partial_instruction: Vec::new(),
            muted: true,
        })
    }

    fn relay(mut self, child: &mut Child) -> Result<i32> {
        let mut stdout = child.stdout.take().context("the runtime has no stdout")?;
        let mut stderr = child.stderr.take().context("the runtime has no stderr")?;
        let stdin = io::stdin();
        let mut buffer = vec![0u8; CHUNK];
        let mut ended = None;
        loop {
            if ended.is_none() {
                ended = child.try_wait()?;
                if ended.is_some() {
                    // What it has started may hold its output open.
                    orphan::end();
                }
            }
            let ready =
                wait(&[stdin.as_fd(), stdout.as_fd(), stderr.as_fd(), self.kernel.as_fd()])?;
            if ready.is_empty() {
                if let Some(status) = ended {
                    return self.runtime_ended(status);
                }
                self.release_held_text()?;
                continue;
            }
            if ready.contains(&2) {
                self.forward_stderr(&mut stderr, &mut buffer)?;
            }
            if ready.contains(&1) {
                let n = stdout.read(&mut buffer)?;
                if n == 0 {
                    self.drain_stderr(&mut stderr, &mut buffer)?;
                    return self.runtime_ended(child.wait()?);
                }
                self.sort(&buffer[..n], &mut stderr)?;
            }
            if ready.contains(&3) && !self.answer_kernel()? {
                return Ok(0);
            }
            if ready.contains(&0) {
                let n = rustix::io::read(&stdin, &mut buffer[..])?;
                if n == 0 {
                    return Ok(0);
                }
                self.instruct(&buffer[..n])?;
            }
            self.frames.flush()?;
        }
    }

    /// Hands evcxr's instruction to the runtime and notes whose cell begins.
    fn instruct(&mut self, bytes: &[u8]) -> Result<()> {
        for &byte in bytes {
            self.partial_instruction.push(byte);
            if byte == b'\n' {
                if self.partial_instruction.starts_with(b"LOAD_AND_RUN") {
                    self.panics.clear();
                    self.muted = session::is_warming();
                }
                // A runtime that is gone shows as the end of its stdout.
                let _ = self.instructions.write_all(&self.partial_instruction);
                self.partial_instruction.clear();
            }
        }
        let _ = self.instructions.flush();
        Ok(())
    }

    fn sort(&mut self, bytes: &[u8], stderr: &mut (impl Read + AsFd)) -> Result<()> {
        for piece in self.splitter.push(bytes) {
            match piece {
                Piece::Text(text) => self.show(Frame::Stdout(text))?,
                Piece::Block(block) => self.show(Frame::Block(block))?,
                Piece::Result => self.show(Frame::Result)?,
                Piece::Clear(wait) => self.show(Frame::Clear(wait))?,
                Piece::Panicked(fault) => self.panics.push(fault),
                Piece::Failed(fault) => self.show(Frame::Failed(fault))?,
                Piece::Control(line) => {
                    let mut buffer = vec![0u8; CHUNK];
                    self.drain_stderr(stderr, &mut buffer)?;
                    self.control(&line)?;
                }
            }
        }
        Ok(())
    }

    fn show(&mut self, frame: Frame) -> Result<()> {
        if !self.muted {
            frame.write(&mut self.frames)?;
        }
        Ok(())
    }

    fn control(&mut self, line: &str) -> Result<()> {
        if line == "EVCXR_PANIC_NOTIFICATION"
            && let Some(fault) = self.panics.pop()
        {
            self.report_caught_panics()?;
            self.show(Frame::Failed(fault))?;
        }
        if line == "EVCXR_EXECUTION_COMPLETE" {
            self.report_caught_panics()?;
            orphan::reap(self.runtime);
        }
        // Everything of the cell must be with the kernel before evcxr learns that it ended.
        self.frames.flush()?;
        let mut evcxr = io::stdout().lock();
        writeln!(evcxr, "{line}")?;
        evcxr.flush()?;
        Ok(())
    }

    /// Panics that did not end the cell (caught, or in another thread) show as Rust prints them.
    fn report_caught_panics(&mut self) -> Result<()> {
        for fault in std::mem::take(&mut self.panics) {
            let text = format!("panicked at {}:{}:\n{}\n", fault.file, fault.line, fault.message);
            self.show(Frame::Stderr(text.into_bytes()))?;
        }
        Ok(())
    }

    fn release_held_text(&mut self) -> Result<()> {
        if self.splitter.holds_text_only() {
            let text = self.splitter.finish();
            self.show(Frame::Stdout(text))?;
            self.frames.flush()?;
        }
        Ok(())
    }

    fn forward_stderr(&mut self, stderr: &mut impl Read, buffer: &mut [u8]) -> Result<()> {
        let n = stderr.read(buffer)?;
        if n > 0 {
            self.show(Frame::Stderr(buffer[..n].to_vec()))?;
        }
        Ok(())
    }

    fn drain_stderr(&mut self, stderr: &mut (impl Read + AsFd), buffer: &mut [u8]) -> Result<()> {
        loop {
            let mut fds = [PollFd::new(stderr, PollFlags::IN)];
            let now = Timespec { tv_sec: 0, tv_nsec: 0 };
            if poll(&mut fds, Some(&now))? == 0 || !fds[0].revents().contains(PollFlags::IN) {
                return Ok(());
            }
            self.forward_stderr(stderr, buffer)?;
        }
    }

    /// The kernel sends a byte to learn that all frames before it have arrived; `false` when it is gone.
    fn answer_kernel(&mut self) -> Result<bool> {
        let mut byte = [0u8; 64];
        let n = BufReader::with_capacity(0, &self.kernel).read(&mut byte)?;
        for _ in 0..n {
            Frame::Synced.write(&mut self.frames)?;
        }
        Ok(n > 0)
    }

    fn runtime_ended(mut self, status: ExitStatus) -> Result<i32> {
        let held = self.splitter.finish();
        if !held.is_empty() {
            self.show(Frame::Stdout(held))?;
        }
        self.report_caught_panics()?;
        Frame::Exited(describe(status)).write(&mut self.frames)?;
        self.frames.flush()?;
        Ok(status.code().unwrap_or(1))
    }
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("код завершения {code}"),
        (None, Some(6)) => "аварийная остановка (abort, сигнал 6)".to_owned(),
        (None, Some(9)) => "сигнал 9: процесс убит, чаще всего из-за нехватки памяти".to_owned(),
        (None, Some(11)) => "нарушение доступа к памяти (сигнал 11)".to_owned(),
        (None, Some(signal)) => format!("сигнал {signal}"),
        (None, None) => "причина неизвестна".to_owned(),
    }
}

/// Indices of the descriptors that can be read; empty after [`HOLD_NS`] without any.
fn wait(fds: &[BorrowedFd<'_>]) -> Result<Vec<usize>> {
    let mut polled: Vec<PollFd<'_>> = fds.iter().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
    let timeout = Timespec { tv_sec: 0, tv_nsec: HOLD_NS };
    match poll(&mut polled, Some(&timeout)) {
        Ok(_) => {}
        Err(rustix::io::Errno::INTR) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    }
    let ready =
        |p: &PollFd<'_>| p.revents().intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR);
    Ok(polled.iter().enumerate().filter(|(_, p)| ready(p)).map(|(i, _)| i).collect())
}
