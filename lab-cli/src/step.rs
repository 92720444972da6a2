//! A step of work as one progress line: live in a terminal, plain lines in a file.
//!
//! Not here: what the step does.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// In a file, a long step says this often that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// A running step.
pub struct Step {
    title: String,
    started: Instant,
    bar: ProgressBar,
    detail: Arc<Mutex<String>>,
    /// Dropped at the end, which ends the heartbeat.
    _alive: Option<Sender<()>>,
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
        let (started, detail) = (Instant::now(), Arc::default());
        let mut alive = None;
        if bar.is_hidden() {
            println!("… {title}");
            alive = Some(heartbeat(title.clone(), started, Arc::clone(&detail)));
        } else {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Step { title, started, bar, detail, _alive: alive }
    }

    /// Shows what is being done right now.
    pub fn detail(&self, text: &str) {
        self.bar.set_message(text.to_owned());
        text.clone_into(&mut self.detail.lock().unwrap_or_else(PoisonError::into_inner));
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

/// Prints a line now and then until the returned sender is dropped.
fn heartbeat(title: String, started: Instant, detail: Arc<Mutex<String>>) -> Sender<()> {
    let (alive, ended) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        while ended.recv_timeout(HEARTBEAT) == Err(RecvTimeoutError::Timeout) {
            let detail = detail.lock().unwrap_or_else(PoisonError::into_inner).clone();
            println!("… {title}, {} с: {detail}", started.elapsed().as_secs());
        }
    });
    alive
}
