//! This program started once more in another role (main.rs lists them), to build a template or to rehearse: waits for its end
//! and hears its progress.

use std::fs;
use std::io::BufReader;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};

use anyhow::{Context, Result, bail};

use crate::frame::Frame;
use crate::home::Home;
use crate::{session, shim};

/// Runs this program in a role, in a folder that is a session's or laid out as one; `progress` hears what is compiled.
///
/// # Errors
/// When it cannot be started, and with its own words when it fails.
pub fn play(
    home: &Home,
    role: &str,
    dir: &Path,
    progress: &mut dyn FnMut(u32, u32, &str),
) -> Result<()> {
    let socket = session::socket_path(dir);
    let _ = fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket)
        .with_context(|| format!("не удалось открыть сокет {}", socket.display()))?;
    listener.set_nonblocking(true)?;
    let mut player = Command::new(std::env::current_exe()?)
        .envs(session::environment(home, dir)?)
        .env(shim::ROLE, role)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let stderr = player.stderr.take().context("the player has no stderr")?;
    let errors = std::thread::spawn(move || std::io::read_to_string(stderr).unwrap_or_default());
    let (reports, heard) = channel();
    let status = loop {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(false)?;
            let reports = reports.clone();
            std::thread::spawn(move || follow(&stream, &reports));
        }
        while let Ok((done, total, name)) = heard.try_recv() {
            progress(done, total, &name);
        }
        if let Some(status) = player.try_wait()? {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    let _ = fs::remove_file(&socket);
    let errors = errors.join().unwrap_or_default();
    if !status.success() {
        bail!("{}", errors.trim());
    }
    Ok(())
}

/// Passes on the progress frames of one connection until it closes.
fn follow(stream: &UnixStream, reports: &Sender<(u32, u32, String)>) {
    let mut input = BufReader::new(stream);
    while let Ok(Some(frame)) = Frame::read(&mut input) {
        if let Frame::Compiling(done, total, name) = frame
            && reports.send((done, total, name)).is_err()
        {
            return;
        }
    }
}
