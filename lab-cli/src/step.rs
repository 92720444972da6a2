//! A step of work as one progress line: live in a terminal, plain lines in a file.
//!
//! Not here: what the step does.

use std::cell::Cell;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// In a file, a long step says something at most this often.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// A running step.
pub struct Step {
    title: String,
    started: Instant,
    bar: ProgressBar,
    said: Cell<Instant>,
}

impl Step {
    /// Starts a step and shows its title.
    pub fn start(title: impl Into<String>) -> Step {
        let title = title.into();
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {elapsed}  {wide_msg}")
        {
            bar.set_style(style);
        }
        bar.set_prefix(title.clone());
        if bar.is_hidden() {
            println!("… {title}");
        } else {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Step {
            title,
            started: Instant::now(),
            bar,
            said: Cell::new(Instant::now()),
        }
    }

    /// Shows what is being done right now.
    pub fn detail(&self, text: &str) {
        self.bar.set_message(text.to_owned());
        if self.bar.is_hidden() && self.said.get().elapsed() >= HEARTBEAT {
            println!(
                "… {}: {text} ({} с)",
                self.title,
                self.started.elapsed().as_secs()
            );
            self.said.set(Instant::now());
        }
    }

    /// Shows a line above the progress line.
    pub fn say(&self, text: &str) {
        self.bar.suspend(|| println!("{text}"));
    }

    /// Seconds since the start.
    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Ends the step well; `note` says what came of it. Returns the seconds it took.
    pub fn done(self, note: &str) -> f64 {
        self.end('✓', note)
    }

    /// Ends the step without a good result.
    pub fn fail(self, note: &str) -> f64 {
        self.end('✗', note)
    }

    /// Ends the step without a word.
    pub fn quiet(self) {
        self.bar.finish_and_clear();
    }

    fn end(self, mark: char, note: &str) -> f64 {
        let seconds = self.seconds();
        self.bar.finish_and_clear();
        let dash = if note.is_empty() { "" } else { ": " };
        println!("{mark} {}{dash}{note} ({seconds:.1} с)", self.title);
        seconds
    }
}
