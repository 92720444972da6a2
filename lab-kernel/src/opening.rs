//! The opening of a session: what rustc makes of the cells that the engine runs to warm up, kept in the template.
//!
//! Every session begins with the same cells, and compiling them is a third of its start. So the template's build ends with
//! a rehearsal: a session that nobody talks to runs them, and what rustc answers to each is kept. Other sessions find the
//! answer by the call and the source, take it, and show the compiled cell at the place where rustc would have put it.
//! A source that is not known here is compiled. Not here: the call itself (`front.rs`), the cells (`template.rs`).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hold::MARKER;
use crate::home::Home;
use crate::session::{self, Session};
use crate::{engine, memory, tree};

/// The folder's name in a template.
const FOLDER: &str = "opening";

/// How a message begins to name one of rustc's numbered errors.
const ERROR_CODE: &str = "\"code\":{";

/// What rustc answered. What it made lies beside the file that this is read from.
#[derive(Serialize, Deserialize)]
struct Answer {
    /// The session in which it was asked.
    root: String,
    code: i32,
    /// The lines that evcxr got to read.
    messages: String,
}

/// Where the answer to one source is, or would be.
pub struct Opening {
    file: PathBuf,
    is_rehearsal: bool,
}

impl Opening {
    /// The place for `source`, compiled by the call that `key` stands for.
    #[must_use]
    pub fn of(template: &Path, key: &str, source: &str) -> Opening {
        let name = memory::name(Sha256::new().chain_update(key).chain_update(source));
        Opening {
            file: template.join(FOLDER).join(name).with_extension("json"),
            // Nobody else uses a template before it is finished.
            is_rehearsal: !template.join(MARKER).exists(),
        }
    }

    /// Gives the answer as rustc would, in the session at `root`: messages, the compiled `cell`, the exit code that is
    /// returned. `None`, with nothing done, where there is no answer.
    #[must_use]
    pub fn give(&self, root: &str, cell: &Path) -> Option<i32> {
        let answer: Answer = serde_json::from_slice(&fs::read(&self.file).ok()?).ok()?;
        if answer.code == 0 {
            let _ = fs::remove_file(cell);
            // evcxr moves it to another name, and may: the link is the session's own.
            std::os::unix::fs::symlink(self.file.with_extension("so"), cell).ok()?;
        }
        eprint!("{}", answer.messages.replace(&answer.root, root));
        Some(answer.code)
    }

    /// Keeps what rustc answered in the session at `root`, if this is the rehearsal. A failure is kept for what is wrong
    /// with the source alone: memory or disk may suffice the next time.
    ///
    /// # Errors
    /// When the template cannot be written.
    pub fn keep(&self, root: &str, cell: &Path, code: i32, messages: String) -> Result<()> {
        if !self.is_rehearsal || (code != 0 && !messages.contains(ERROR_CODE)) {
            return Ok(());
        }
        if code == 0 {
            fs::copy(cell, self.file.with_extension("so"))?;
        }
        let answer = Answer { root: root.to_owned(), code, messages };
        Ok(fs::write(&self.file, serde_json::to_vec(&answer)?)?)
    }
}

/// The rehearsal role: a session of the template that is being built, which ends when it is warm.
///
/// # Errors
/// When evcxr does not start or refuses the library.
pub fn rehearse() -> Result<()> {
    let home = Home::from_env()?;
    let session = Session::from_env()?;
    let template = session::template(&session.dir).context("no template to rehearse for")?;
    forget(&template)?;
    fs::create_dir_all(template.join(FOLDER))?;
    session::set_warming(&session.dir, true)?;
    let warm = engine::warm_up(&home, &session.dir, &template);
    // First the lock: the shim, which ends with the engine, waits for it.
    drop(session);
    warm.map(drop)
}

/// Forgets what an earlier rehearsal has kept.
///
/// # Errors
/// When the template cannot be written.
pub fn forget(template: &Path) -> Result<()> {
    Ok(tree::forget(&template.join(FOLDER))?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_answer_is_kept_in_the_rehearsal_and_given_for_the_same_source_alone() {
        let root = std::env::temp_dir().join(format!("lab-kernel-opening-{}", std::process::id()));
        let (template, made, cell) =
            (root.join("template"), root.join("made.so"), root.join("libctx.so"));
        fs::create_dir_all(template.join(FOLDER)).unwrap();
        fs::write(&made, "compiled").unwrap();
        let of = |source: &str| Opening::of(&template, "key", source);
        of("good").keep("/first", &made, 0, String::new()).unwrap();
        let error = "{\"code\":{\"code\":\"E0382\"}}\n".to_owned();
        of("bad").keep("/first", &root.join("none"), 1, error).unwrap();
        of("no room")
            .keep("/first", &root.join("none"), 1, "{\"code\":null}\n".to_owned())
            .unwrap();
        assert_eq!(of("no room").give("/second", &cell), None);
        assert_eq!(of("good").give("/second", &cell), Some(0));
        assert_eq!(fs::read_to_string(&cell).unwrap(), "compiled");
        fs::rename(&cell, root.join("libcode_1.so")).unwrap();
        assert_eq!(of("bad").give("/second", &cell), Some(1));
        assert!(!cell.exists());
        assert_eq!(of("other").give("/second", &cell), None);
        assert_eq!(Opening::of(&template, "other key", "good").give("/second", &cell), None);

        fs::write(template.join(MARKER), "").unwrap();
        of("late").keep("/first", &made, 0, String::new()).unwrap();
        assert_eq!(of("late").give("/second", &cell), None, "a finished template is only read");
        assert_eq!(of("good").give("/second", &cell), Some(0));
        forget(&template).unwrap();
        forget(&template).unwrap();
        assert_eq!(of("good").give("/second", &cell), None);
        fs::remove_dir_all(root).unwrap();
    }
}
