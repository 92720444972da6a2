//! What cargo prints while it builds: its progress for the kernel, the rest passed on.

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::process::Child;

use anyhow::{Context, Result};

use crate::frame::Frame;
use crate::session;

/// Reports the progress of `child` to the kernel and passes the rest of its stderr on.
///
/// # Errors
/// When its output cannot be read.
pub fn follow(child: &mut Child) -> Result<()> {
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
    const WORDS: [&str; 8] = [
        "Compiling",
        "Finished",
        "Updating",
        "Locking",
        "Adding",
        "Building [",
        "Downloaded",
        "Downloading",
    ];
    let bare = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let bare = bare.strip_prefix("[K").unwrap_or(bare).trim_start();
    bare.is_empty() || WORDS.iter().any(|word| bare.starts_with(word))
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
