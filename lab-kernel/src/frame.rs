//! The frames that shim and cargo front send to the kernel over a Unix socket.
//!
//! A frame is one kind byte, a little-endian `u32` length and that many bytes. This file only packs and
//! unpacks; what produces the frames is in `shim.rs` and `front.rs`, what consumes them in `link.rs`.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

/// A rich output block as the runtime printed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// MIME type, for example `image/png`.
    pub mime: String,
    /// Display id, when the block carried `id=…`.
    pub id: Option<String>,
    /// Whether the block replaces the output of that id.
    pub update: bool,
    /// Whether it is the value of the cell's last expression.
    pub result: bool,
    /// Text, or base64 for binary MIME types.
    pub content: String,
}

/// Where and with what a cell failed while running.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// `panic`, or the short name of the error type that `?` returned.
    pub name: String,
    /// The message of the panic or the `Debug` text of the error.
    pub message: String,
    /// Source file, as rustc names it (`src/lib.rs` is the cell).
    pub file: String,
    /// One-based line in that file.
    pub line: usize,
}

/// One thing that happened in the runtime or in the build of a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// The runtime is up; its process id.
    Started(u32),
    /// Bytes of standard output, in order with blocks.
    Stdout(Vec<u8>),
    /// Bytes of standard error.
    Stderr(Vec<u8>),
    /// A rich output.
    Block(Block),
    /// The block before this one is the value of the cell's last expression.
    Result,
    /// Clear the cell's output; `true` waits for the next output.
    Clear(bool),
    /// The cell failed with a panic or through `?`.
    Failed(Fault),
    /// The runtime process ended; how, in words.
    Exited(String),
    /// Dependencies are being compiled: done, total, crate name.
    Compiling(u32, u32, String),
    /// Answer to the kernel's synchronization byte.
    Synced,
}

impl Frame {
    /// Writes the frame; the caller flushes.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let (kind, payload): (u8, Vec<u8>) = match self {
            Frame::Started(pid) => (0, pid.to_le_bytes().to_vec()),
            Frame::Stdout(bytes) => (2, bytes.clone()),
            Frame::Stderr(bytes) => (3, bytes.clone()),
            Frame::Block(block) => (4, serde_json::to_vec(block)?),
            Frame::Clear(wait) => (5, vec![u8::from(*wait)]),
            Frame::Failed(fault) => (6, serde_json::to_vec(fault)?),
            Frame::Exited(text) => (7, text.clone().into_bytes()),
            Frame::Compiling(done, total, name) => (8, serde_json::to_vec(&(done, total, name))?),
            Frame::Synced => (9, Vec::new()),
            Frame::Result => (10, Vec::new()),
        };
        let length = u32::try_from(payload.len()).map_err(|_| {
            invalid(format!("a frame of {} bytes, the limit is 4 GiB", payload.len()))
        })?;
        out.write_all(&[kind])?;
        out.write_all(&length.to_le_bytes())?;
        out.write_all(&payload)
    }

    /// Reads the next frame; an end of file before its first byte is `Ok(None)`.
    pub fn read(input: &mut impl Read) -> io::Result<Option<Frame>> {
        let mut kind = [0u8];
        if input.read(&mut kind)? == 0 {
            return Ok(None);
        }
        let mut length = [0u8; 4];
        input.read_exact(&mut length)?;
        let mut payload = vec![0u8; u32::from_le_bytes(length) as usize];
        input.read_exact(&mut payload)?;
        Frame::decode(kind[0], payload).map(Some)
    }

    fn decode(kind: u8, payload: Vec<u8>) -> io::Result<Frame> {
        Ok(match kind {
            0 => {
                let bytes = payload
                    .try_into()
                    .map_err(|_| invalid("a process id of 4 bytes was expected".to_owned()))?;
                Frame::Started(u32::from_le_bytes(bytes))
            }
            2 => Frame::Stdout(payload),
            3 => Frame::Stderr(payload),
            4 => Frame::Block(serde_json::from_slice(&payload)?),
            5 => Frame::Clear(payload.first() == Some(&1)),
            6 => Frame::Failed(serde_json::from_slice(&payload)?),
            7 => Frame::Exited(String::from_utf8_lossy(&payload).into_owned()),
            8 => {
                let (done, total, name) = serde_json::from_slice(&payload)?;
                Frame::Compiling(done, total, name)
            }
            9 => Frame::Synced,
            10 => Frame::Result,
            other => return Err(invalid(format!("unknown frame kind {other}"))),
        })
    }
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_frame_survives_the_wire() {
        let fault = Fault {
            name: "panic".into(),
            message: "а\nб".into(),
            file: "src/lib.rs".into(),
            line: 7,
        };
        let block = Block {
            mime: "image/png".into(),
            id: Some("a".into()),
            update: true,
            result: false,
            content: "x".into(),
        };
        let frames = vec![
            Frame::Started(77),
            Frame::Stdout(vec![0, 255, 10]),
            Frame::Stderr(b"e".to_vec()),
            Frame::Block(block),
            Frame::Clear(true),
            Frame::Failed(fault),
            Frame::Exited("signal 9".into()),
            Frame::Compiling(3, 140, "candle-core".into()),
            Frame::Synced,
            Frame::Result,
        ];
        let mut wire = Vec::new();
        for frame in &frames {
            frame.write(&mut wire).unwrap();
        }
        let mut input = wire.as_slice();
        for frame in &frames {
            assert_eq!(Frame::read(&mut input).unwrap().as_ref(), Some(frame));
        }
        assert_eq!(Frame::read(&mut input).unwrap(), None);
    }

    #[test]
    fn a_cut_frame_and_an_unknown_kind_are_errors() {
        assert!(Frame::read(&mut [2u8, 5, 0, 0, 0, 1].as_slice()).is_err());
        assert!(Frame::read(&mut [42u8, 0, 0, 0, 0].as_slice()).is_err());
    }
}
