//! Has the student asked to stop? Loops poll it, so that an interrupt keeps the variables.
//!
//! Not here: signals. The kernel makes a file when the student presses "interrupt" and removes it
//! when the cell ends; its path comes in the environment. Read next: `progress/mod.rs`, which polls.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::{Error, Result};

/// The environment variable with the path of the file that asks for an interrupt.
const VARIABLE: &str = "LAB_INTERRUPT";
/// The file is looked for at most this often; a loop may poll a million times a second.
const EVERY: Duration = Duration::from_millis(10);

/// Whether the student has asked to interrupt this cell.
///
/// Cheap enough for the innermost loop: a clock reading, and one look at the file system in 10 ms.
/// Outside of the lab's own kernel it is always `false`.
///
/// ```
/// let mut steps = 0;
/// while steps < 3 && !lab::interrupted() {
///     steps += 1;
/// }
/// assert_eq!(steps, 3); // nobody has asked
/// ```
pub fn interrupted() -> bool {
    static WATCH: OnceLock<Mutex<Watch>> = OnceLock::new();
    let watch =
        WATCH.get_or_init(|| Mutex::new(Watch::new(std::env::var_os(VARIABLE).map(PathBuf::from))));
    watch.lock().unwrap_or_else(PoisonError::into_inner).poll(Instant::now())
}

/// `Err` with the message "Прервано" when the student has asked to interrupt: `lab::check_interrupted()?` stops a loop.
///
/// # Errors
/// [`Error::Interrupted`] after an interrupt.
///
/// ```
/// let mut sum = 0;
/// for i in 0..10 {
///     lab::check_interrupted()?;
///     sum += i;
/// }
/// assert_eq!(sum, 45);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn check_interrupted() -> Result<()> {
    if interrupted() { Err(Error::Interrupted) } else { Ok(()) }
}

/// The file to look for, and the last look.
struct Watch {
    path: Option<PathBuf>,
    last: Option<Instant>,
}

impl Watch {
    fn new(path: Option<PathBuf>) -> Self {
        Self { path, last: None }
    }

    /// Looks at the file unless the last look at `now` is fresh. A "yes" is never remembered:
    /// the next cell starts without the file and must not stop on an old answer.
    fn poll(&mut self, now: Instant) -> bool {
        let Some(path) = &self.path else { return false };
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < EVERY) {
            return false;
        }
        let yes = path.exists();
        self.last = if yes { None } else { Some(now) };
        yes
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_file_is_the_request() {
        let path = std::env::temp_dir().join(format!("lab-interrupt-{}", std::process::id()));
        let mut watch = Watch::new(Some(path.clone()));
        let start = Instant::now();
        assert!(!watch.poll(start));
        std::fs::write(&path, "").unwrap();
        assert!(!watch.poll(start + Duration::from_millis(5)), "looked too often");
        assert!(watch.poll(start + Duration::from_millis(10)));
        assert!(watch.poll(start + Duration::from_millis(11)), "a yes stays while the file stays");
        std::fs::remove_file(&path).unwrap();
        assert!(!watch.poll(start + Duration::from_millis(12)), "the next cell starts afresh");
    }

    #[test]
    fn without_a_kernel_nothing_interrupts() {
        assert!(!Watch::new(None).poll(Instant::now()));
        assert!(check_interrupted().is_ok());
    }
}
