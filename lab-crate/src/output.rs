//! The lines by which a cell shows something richer than text, and where we are running.
//!
//! A block is `EVCXR_BEGIN_CONTENT <mime>`, the content, `EVCXR_END_CONTENT`. Our kernel also reads
//! ` id=NAME` and ` update=1` after the type, shows every block at once and updates it in place;
//! stock evcxr reads the type only. Not here: what is shown (`table.rs`, `plot/`, `progress/`).

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Error, Result};

/// Who reads our standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    /// The lab's kernel: outputs appear at once and are updated in place.
    Lab,
    /// Stock evcxr: rich outputs appear when the cell ends, the last of each type only.
    Stock,
    /// A program in a terminal, or with its output in a file.
    Terminal,
}

impl Surface {
    /// The surface of this process, by its environment.
    pub(crate) fn current() -> Self {
        let is_set = |name| std::env::var_os(name).is_some();
        if is_set("LAB_KERNEL") {
            Self::Lab
        } else if is_set("EVCXR_IS_RUNTIME") {
            Self::Stock
        } else {
            Self::Terminal
        }
    }
}

/// One representation of an output: a MIME type and the content.
pub(crate) struct Block<'a> {
    pub(crate) mime: &'a str,
    pub(crate) content: &'a str,
}

/// Where an output goes: a new place, a new place with a name, or a named place that is shown already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// A new output without a name.
    New,
    /// A new output that can be updated later.
    Named(&'a str),
    /// The content of the output with that name.
    Update(&'a str),
}

/// A name for an output, unlike all other names of this process and of other processes.
pub(crate) fn fresh_name(kind: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("lab-{kind}-{}-{number}", std::process::id())
}

/// The marked lines for the representations of one output.
pub(crate) fn marked(blocks: &[Block], place: Place) -> String {
    let attributes = match place {
        Place::New => String::new(),
        Place::Named(name) => format!(" id={name}"),
        Place::Update(name) => format!(" id={name} update=1"),
    };
    let mut text = String::new();
    for Block { mime, content } in blocks {
        let content = content.trim_end_matches('\n');
        text.push_str(&format!(
            "EVCXR_BEGIN_CONTENT {mime}{attributes}\n{content}\nEVCXR_END_CONTENT\n"
        ));
    }
    text
}

/// Writes all representations of one output in one piece, so that no other text comes between.
///
/// # Errors
/// The output cannot be written.
pub(crate) fn show(blocks: &[Block], place: Place) -> Result<()> {
    write_text(&marked(blocks, place))
}

/// Shows a table: HTML with its text in a notebook, the text alone in a terminal.
///
/// # Errors
/// The output cannot be written.
pub(crate) fn show_table(html: &str, text: &str, place: Place) -> Result<()> {
    match Surface::current() {
        Surface::Terminal => write_text(text),
        _ => show(
            &[
                Block { mime: "text/html", content: html },
                Block { mime: "text/plain", content: text },
            ],
            place,
        ),
    }
}

/// Writes `text` to standard output at once.
///
/// # Errors
/// The output cannot be written.
pub(crate) fn write_text(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output)
}

/// `text` with the characters that HTML gives a meaning replaced.
pub(crate) fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCKS: [Block; 2] = [
        Block { mime: "text/html", content: "<b>1</b>\n" },
        Block { mime: "text/plain", content: "1" },
    ];

    #[test]
    fn a_new_output_has_no_attributes() {
        assert_eq!(
            marked(&BLOCKS, Place::New),
            "EVCXR_BEGIN_CONTENT text/html\n<b>1</b>\nEVCXR_END_CONTENT\n\
             EVCXR_BEGIN_CONTENT text/plain\n1\nEVCXR_END_CONTENT\n"
        );
    }

    #[test]
    fn names_and_updates_follow_the_type() {
        let first = marked(&BLOCKS[1..], Place::Named("lab-x"));
        assert_eq!(first, "EVCXR_BEGIN_CONTENT text/plain id=lab-x\n1\nEVCXR_END_CONTENT\n");
        let next = marked(&BLOCKS[1..], Place::Update("lab-x"));
        assert_eq!(
            next,
            "EVCXR_BEGIN_CONTENT text/plain id=lab-x update=1\n1\nEVCXR_END_CONTENT\n"
        );
    }

    #[test]
    fn names_differ_and_have_no_spaces() {
        let (a, b) = (fresh_name("figure"), fresh_name("figure"));
        assert_ne!(a, b);
        assert!(a.starts_with("lab-figure-") && !a.contains(' '), "{a}");
    }

    #[test]
    fn html_is_escaped() {
        assert_eq!(escape_html("a < b & \"c\""), "a &lt; b &amp; &quot;c&quot;");
    }
}
