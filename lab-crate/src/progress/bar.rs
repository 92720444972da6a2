//! When a progress bar is drawn, and where: in place in our kernel, as whole lines on a stock kernel and
//! in a file, by indicatif in a terminal.
//!
//! Not here: what it says (`state.rs`). The clock is an argument. Only standard output is written:
//! graders count a cell that writes to standard error as failed.

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::nest::Seat;
use super::state::State;
use crate::output::{self, Block, Place, Surface};
use crate::throttle::Throttle;

/// A bar is redrawn in place at most once in this time.
const EVERY: Duration = Duration::from_millis(200);
/// A line is added at most once in this time where nothing can be redrawn.
const EVERY_LINE: Duration = Duration::from_secs(2);

/// Where a bar is drawn.
#[derive(Debug)]
enum Out {
    /// Not drawn yet.
    Unknown,
    /// An output of our kernel.
    Notebook(Seat),
    /// Lines of text.
    Lines,
    /// A line of a terminal that is redrawn.
    Terminal(ProgressBar),
    /// Over: nothing more is drawn.
    Closed,
}

/// A progress bar.
#[derive(Debug)]
pub(super) struct Bar {
    state: State,
    start: Option<Instant>,
    throttle: Throttle,
    out: Out,
}

impl Bar {
    /// A bar for `total` items; nothing is drawn before the first of them is asked for.
    pub(super) fn new(total: Option<u64>) -> Self {
        let state = State { total, ..State::default() };
        Self { state, start: None, throttle: Throttle::new(EVERY), out: Out::Unknown }
    }

    #[cfg(test)]
    pub(super) fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn set_comment(&mut self, text: String) {
        self.state.comment = text;
    }

    pub(super) fn set_total(&mut self, total: u64) {
        self.state.total = Some(total);
    }

    /// An item is asked for at `now`, so the one before it is done.
    pub(super) fn arrive(&mut self, now: Instant) {
        if matches!(self.out, Out::Closed) {
            return;
        }
        match self.start {
            None => {
                self.start = Some(now);
                self.open(now);
            }
            Some(_) => self.state.count += 1,
        }
        if self.throttle.is_ready(now) {
            self.throttle.passed(now);
            self.draw(now);
        }
    }

    /// The loop is over; the last state is always drawn.
    pub(super) fn finish(&mut self, is_interrupted: bool, now: Instant) {
        if matches!(self.out, Out::Closed | Out::Unknown) {
            return;
        }
        self.state.is_finished = true;
        self.state.is_interrupted = is_interrupted;
        self.draw(now);
        match std::mem::replace(&mut self.out, Out::Closed) {
            Out::Notebook(seat) => seat.leave(),
            Out::Terminal(bar) => bar.abandon(),
            _ => {}
        }
    }

    /// Chooses where to draw.
    fn open(&mut self, now: Instant) {
        self.out = match Surface::current() {
            Surface::Lab => Out::Notebook(Seat::take()),
            Surface::Terminal if std::io::stdout().is_terminal() => Out::Terminal(terminal_bar()),
            Surface::Stock | Surface::Terminal => {
                self.throttle = Throttle::new(EVERY_LINE);
                // A line stays for good, so a loop shorter than two seconds leaves only its last one.
                self.throttle.passed(now);
                Out::Lines
            }
        };
    }

    fn draw(&mut self, now: Instant) {
        let start = self.start.unwrap_or(now);
        self.state.elapsed = now.saturating_duration_since(start);
        let (line, html) = (self.state.line(), self.state.html());
        let shown = match &mut self.out {
            Out::Notebook(seat) => {
                let blocks = [
                    Block { mime: "text/html", content: &html },
                    Block { mime: "text/plain", content: &line },
                ];
                let place = if seat.is_shown {
                    Place::Update(&seat.name)
                } else {
                    Place::Named(&seat.name)
                };
                let shown = output::show(&blocks, place);
                seat.is_shown = true;
                shown
            }
            Out::Lines => output::write_text(&format!("{line}\n")),
            Out::Terminal(bar) => {
                bar.set_message(line);
                bar.tick();
                Ok(())
            }
            Out::Unknown | Out::Closed => Ok(()),
        };
        // A bar that cannot be drawn must not stop the training.
        shown.ok();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish(false, Instant::now());
    }
}

/// A bar of indicatif that shows our own line; several of them stand below each other.
fn terminal_bar() -> ProgressBar {
    static BARS: OnceLock<MultiProgress> = OnceLock::new();
    let bars = BARS.get_or_init(|| MultiProgress::with_draw_target(ProgressDrawTarget::stdout()));
    let bar = bars.add(ProgressBar::no_length());
    if let Ok(style) = ProgressStyle::with_template("{msg}") {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_counted_when_the_next_one_is_asked_for() {
        let start = Instant::now();
        let mut bar = Bar::new(Some(3));
        for i in 0..=3 {
            bar.arrive(start + Duration::from_millis(i * 500));
        }
        bar.finish(false, start + Duration::from_millis(1500));
        assert_eq!((bar.state.count, bar.state.elapsed), (3, Duration::from_millis(1500)));
        bar.arrive(start + Duration::from_secs(9));
        assert_eq!(bar.state.count, 3, "a finished bar does not move");
    }

    #[test]
    fn lines_come_at_most_every_two_seconds() {
        let start = Instant::now();
        let mut bar = Bar::new(Some(100));
        bar.arrive(start);
        if matches!(bar.out, Out::Lines) {
            assert!(!bar.throttle.is_ready(start + Duration::from_millis(1999)));
            assert!(bar.throttle.is_ready(start + Duration::from_millis(2000)));
        }
    }

    #[test]
    fn a_bar_that_never_ran_draws_nothing() {
        let mut bar = Bar::new(Some(3));
        bar.finish(false, Instant::now());
        assert!(matches!(bar.out, Out::Unknown));
    }
}
