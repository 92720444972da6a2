//! Splits what the runtime prints into plain text, rich blocks and evcxr's control lines.
//!
//! The markers are evcxr's own (`EVCXR_BEGIN_CONTENT`, `EVCXR_EXECUTION_COMPLETE`, …) plus a few of ours,
//! all starting with `EVCXR_`. A marker may follow unfinished text on its line, because cells and runtime
//! share one line buffer. Text without a marker is passed on at once, also without a newline.

use memchr::memmem;

use crate::frame::{Block, Fault};

const PREFIX: &[u8] = b"EVCXR_";
const BEGIN: &str = "EVCXR_BEGIN_CONTENT ";
const END: &[u8] = b"EVCXR_END_CONTENT";
/// Printed by the runtime's panic hook, followed by a JSON `Fault`.
pub const PANIC: &str = "EVCXR_PANIC ";
/// Printed by a cell's failed `?`, followed by a JSON `Fault`.
pub const FAILED: &str = "EVCXR_FAILED ";

/// Printed behind the display of a cell's last expression.
pub const RESULT: &str = "EVCXR_RESULT";

/// One piece of the runtime's standard output.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Plain text.
    Text(Vec<u8>),
    /// A rich output.
    Block(Block),
    /// See [`RESULT`].
    Result,
    /// `EVCXR_CLEAR_OUTPUT`, with whether it waits.
    Clear(bool),
    /// A panic was raised, perhaps caught; see [`PANIC`].
    Panicked(Fault),
    /// A `?` left the cell; see [`FAILED`].
    Failed(Fault),
    /// A line that evcxr itself must see.
    Control(String),
}

/// Incremental splitter; feed it bytes as they come.
#[derive(Default)]
pub struct Splitter {
    pending: Vec<u8>,
    block: Option<Block>,
}

impl Splitter {
    /// Takes the next bytes and returns the pieces that are complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        self.pending.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        let pending = std::mem::take(&mut self.pending);
        let mut rest = pending.as_slice();
        while let Some(used) = self.step(rest, &mut pieces) {
            rest = &rest[used..];
        }
        self.pending = rest.to_vec();
        pieces
    }

    /// Whether what is held back is only a few bytes that might start a marker.
    pub fn holds_text_only(&self) -> bool {
        self.block.is_none() && !self.pending.is_empty() && self.pending.len() < PREFIX.len()
    }

    /// Text held back because it might still become a marker; for the end of a cell or of the runtime.
    pub fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.pending)
    }

    fn step(&mut self, rest: &[u8], pieces: &mut Vec<Piece>) -> Option<usize> {
        if rest.is_empty() {
            return None;
        }
        if self.block.is_some() {
            return self.block_body(rest, pieces);
        }
        let Some(at) = memmem::find(rest, PREFIX) else {
            let keep = held_back(rest);
            let text = &rest[..rest.len() - keep];
            push_text(pieces, text);
            return (!text.is_empty()).then_some(text.len());
        };
        if at > 0 {
            push_text(pieces, &rest[..at]);
            return Some(at);
        }
        let end = memchr::memchr(b'\n', rest)?;
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        match self.marker(&line) {
            Some(Some(piece)) => pieces.push(piece),
            Some(None) => {}
            None => {
                // Not a marker after all: let the prefix go and look again behind it.
                push_text(pieces, &rest[..PREFIX.len()]);
                return Some(PREFIX.len());
            }
        }
        Some(end + 1)
    }

    /// `None`: no marker; `Some(None)`: a block began.
    fn marker(&mut self, line: &str) -> Option<Option<Piece>> {
        if let Some(attributes) = line.strip_prefix(BEGIN) {
            self.block = Some(block_head(attributes));
            return Some(None);
        }
        if let Some(rest) = line.strip_prefix("EVCXR_CLEAR_OUTPUT") {
            return Some(Some(Piece::Clear(rest.contains("wait=1"))));
        }
        if let Some(json) = line.strip_prefix(PANIC) {
            return Some(serde_json::from_str(json).ok().map(Piece::Panicked));
        }
        if let Some(json) = line.strip_prefix(FAILED) {
            return Some(serde_json::from_str(json).ok().map(Piece::Failed));
        }
        if line == RESULT {
            return Some(Some(Piece::Result));
        }
        if line == "EVCXR_FLUSH_OUTPUT" {
            return Some(None);
        }
        let control = line == "EVCXR_EXECUTION_COMPLETE"
            || line == "EVCXR_PANIC_NOTIFICATION"
            || line == "EVCXR_ERROR_OCCURRED"
            || line.starts_with("EVCXR_VARIABLE_CHANGED_TYPE:")
            || line.starts_with("EVCXR_INPUT_REQUEST");
        control.then(|| Some(Piece::Control(line.to_owned())))
    }

    fn block_body(&mut self, rest: &[u8], pieces: &mut Vec<Piece>) -> Option<usize> {
        let end = memchr::memchr(b'\n', rest)?;
        let line = &rest[..end];
        if line == b"EVCXR_PANIC_NOTIFICATION" || line == b"EVCXR_EXECUTION_COMPLETE" {
            // The code that printed the block died in the middle of it.
            self.block = None;
            return Some(0);
        }
        let block = self.block.as_mut()?;
        let closes = line.ends_with(END);
        let text = if closes { &line[..line.len() - END.len()] } else { line };
        block.content.push_str(&String::from_utf8_lossy(text));
        if !closes {
            block.content.push('\n');
        } else if let Some(mut block) = self.block.take() {
            while block.content.ends_with('\n') {
                block.content.pop();
            }
            pieces.push(Piece::Block(block));
        }
        Some(end + 1)
    }
}

fn block_head(attributes: &str) -> Block {
    let mut words = attributes.split_whitespace();
    let mut block = Block {
        mime: words.next().unwrap_or("text/plain").to_owned(),
        id: None,
        update: false,
        result: false,
        content: String::new(),
    };
    for word in words {
        match word.split_once('=') {
            Some(("id", id)) => block.id = Some(id.to_owned()),
            Some(("update", value)) => block.update = value == "1",
            Some(("result", value)) => block.result = value == "1",
            _ => {}
        }
    }
    block
}

/// How many bytes at the end could be the start of a marker.
fn held_back(text: &[u8]) -> usize {
    (1..PREFIX.len().min(text.len() + 1)).rev().find(|&n| text.ends_with(&PREFIX[..n])).unwrap_or(0)
}

fn push_text(pieces: &mut Vec<Piece>, text: &[u8]) {
    if text.is_empty() {
        return;
    }
    match pieces.last_mut() {
        Some(Piece::Text(last)) => last.extend_from_slice(text),
        _ => pieces.push(Piece::Text(text.to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(s: &str) -> Piece {
        Piece::Text(s.as_bytes().to_vec())
    }

    #[test]
    fn text_without_newline_goes_on_at_once() {
        let mut splitter = Splitter::default();
        assert_eq!(splitter.push(b"\r 10%"), vec![text("\r 10%")]);
        assert_eq!(splitter.push(b"\r 20%"), vec![text("\r 20%")]);
    }

    #[test]
    fn a_control_line_may_follow_unfinished_text() {
        let mut splitter = Splitter::default();
        let pieces = splitter.push(b"abcEVCXR_EXECUTION_COMPLETE\n");
        assert_eq!(pieces, vec![text("abc"), Piece::Control("EVCXR_EXECUTION_COMPLETE".into())]);
    }

    #[test]
    fn a_marker_cut_anywhere_is_found() {
        let whole = "до\nEVCXR_BEGIN_CONTENT text/html id=a update=1\n<b>\n</b>\nEVCXR_END_CONTENT\nпосле\n";
        let block = Block {
            mime: "text/html".into(),
            id: Some("a".into()),
            update: true,
            result: false,
            content: "<b>\n</b>".into(),
        };
        for cut in 0..whole.len() {
            let mut splitter = Splitter::default();
            let mut pieces = splitter.push(&whole.as_bytes()[..cut]);
            pieces.extend(splitter.push(&whole.as_bytes()[cut..]));
            let blocks: Vec<_> = pieces.iter().filter(|p| matches!(p, Piece::Block(_))).collect();
            assert_eq!(blocks, vec![&Piece::Block(block.clone())], "cut at {cut}");
            let mut all = Vec::new();
            for piece in &pieces {
                if let Piece::Text(bytes) = piece {
                    all.extend_from_slice(bytes);
                }
            }
            assert_eq!(String::from_utf8_lossy(&all), "до\nпосле\n", "cut at {cut}");
        }
    }

    #[test]
    fn a_users_own_evcxr_word_stays_text() {
        let mut splitter = Splitter::default();
        let pieces = splitter.push(b"EVCXR_HOME is EVCXR_ set\nnext\n");
        assert_eq!(pieces, vec![text("EVCXR_HOME is EVCXR_ set\nnext\n")]);
        assert_eq!(splitter.push(b"E"), vec![]);
        assert_eq!(splitter.finish(), b"E");
    }

    #[test]
    fn an_unfinished_block_ends_with_the_cell() {
        let mut splitter = Splitter::default();
        let pieces = splitter.push(b"EVCXR_BEGIN_CONTENT text/html\nx\nEVCXR_PANIC_NOTIFICATION\n");
        assert_eq!(pieces, vec![Piece::Control("EVCXR_PANIC_NOTIFICATION".into())]);
    }

    #[test]
    fn two_blocks_in_one_write_are_two_pieces() {
        let mut splitter = Splitter::default();
        let one = "EVCXR_BEGIN_CONTENT text/html id=t\n<i/>\nEVCXR_END_CONTENT\n";
        let two = "EVCXR_BEGIN_CONTENT text/plain id=t\nt\nEVCXR_END_CONTENT\n";
        assert_eq!(splitter.push(format!("{one}{two}").as_bytes()).len(), 2);
    }
}
