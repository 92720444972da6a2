//! The numbers of a progress bar, and how they read as a line of text or as HTML.
//!
//! Not here: when it is drawn (`bar.rs`). Texts are Russian: a student reads them.

use std::time::Duration;

use crate::output::escape_html;

/// Cells of the bar in text.
const CELLS: u64 = 20;

/// What a bar shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct State {
    /// Items done.
    pub(super) count: u64,
    /// All items, where known.
    pub(super) total: Option<u64>,
    /// Time since the first item was asked for.
    pub(super) elapsed: Duration,
    pub(super) comment: String,
    pub(super) is_finished: bool,
    pub(super) is_interrupted: bool,
}

impl State {
    /// The bar as one line: `эпоха 1: 45 %|█████████           | 45/100 [00:12 < 00:15, 3,8 ит/с]`.
    pub(super) fn line(&self) -> String {
        let comment =
            if self.comment.is_empty() { String::new() } else { format!("{}: ", self.comment) };
        let bar = self.total.map_or(String::new(), |total| {
            let filled =
                (self.count * CELLS).checked_div(total).unwrap_or(CELLS).min(CELLS) as usize;
            let empty = CELLS as usize - filled;
            format!("{:>3} %|{}{}| ", self.percent(total), "█".repeat(filled), " ".repeat(empty))
        });
        let left = self.left().map_or(String::new(), |left| format!(" < {}", clock(left)));
        format!(
            "{comment}{bar}{} [{}{left}, {}]{}",
            self.done(),
            clock(self.elapsed),
            self.rate(),
            self.ending()
        )
    }

    /// The bar as HTML.
    pub(super) fn html(&self) -> String {
        let mut parts = Vec::new();
        let bar = self.total.map_or(String::new(), |total| {
            parts.push(format!("{} %", self.percent(total)));
            format!(
                "<progress value=\"{}\" max=\"{}\" style=\"width:16em;vertical-align:middle\"></progress> ",
                self.count.min(total.max(1)),
                total.max(1)
            )
        });
        parts.push(self.done());
        parts.push(format!("прошло {}", clock(self.elapsed)));
        parts.extend(self.left().map(|left| format!("осталось {}", clock(left))));
        parts.push(self.rate());
        if !self.comment.is_empty() {
            parts.push(format!("<b>{}</b>", escape_html(&self.comment)));
        }
        format!(
            "<div style=\"font-variant-numeric:tabular-nums\">{bar}{}{}</div>",
            parts.join(" · "),
            self.ending()
        )
    }

    fn done(&self) -> String {
        match self.total {
            Some(total) => format!("{}/{total}", self.count),
            None => format!("{} ит", self.count),
        }
    }

    fn percent(&self, total: u64) -> u64 {
        (self.count * 100).checked_div(total).unwrap_or(100).min(100)
    }

    /// Items for each second; 0 before the first one.
    fn speed(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 { self.count as f64 / seconds } else { 0.0 }
    }

    fn rate(&self) -> String {
        let speed = self.speed();
        let text = match speed {
            0.0 => "— ит/с".to_string(),
            s if s >= 100.0 => format!("{s:.0} ит/с"),
            s if s >= 1.0 => format!("{s:.1} ит/с"),
            s => format!("{:.2} с/ит", 1.0 / s),
        };
        text.replace('.', ",")
    }

    /// Time to the end at the speed so far; `None` when it is not known or the loop is over.
    fn left(&self) -> Option<Duration> {
        let speed = self.speed();
        if self.is_finished || speed == 0.0 {
            return None;
        }
        let items = self.total?.saturating_sub(self.count);
        Duration::try_from_secs_f64(items as f64 / speed).ok()
    }

    fn ending(&self) -> &'static str {
        if self.is_interrupted { " — прервано" } else { "" }
    }
}

/// A time as `мм:сс` or `ч:мм:сс`.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(count: u64, total: Option<u64>, ms: u64) -> State {
        State { count, total, elapsed: Duration::from_millis(ms), ..State::default() }
    }

    #[test]
    fn a_line_has_count_time_left_and_rate() {
        let mut s = state(45, Some(100), 12_000);
        s.comment = "эпоха 1".into();
        assert_eq!(
            s.line(),
            "эпоха 1:  45 %|█████████           | 45/100 [00:12 < 00:14, 3,8 ит/с]"
        );
        let slow = state(2, Some(4000), 7_000);
        assert_eq!(slow.line(), "  0 %|                    | 2/4000 [00:07 < 3:53:13, 3,50 с/ит]");
    }

    #[test]
    fn the_end_and_an_interrupt_are_told() {
        let mut s = state(100, Some(100), 1_000);
        s.is_finished = true;
        assert_eq!(s.line(), "100 %|████████████████████| 100/100 [00:01, 100 ит/с]");
        s.count = 40;
        s.is_interrupted = true;
        assert!(s.line().ends_with("40/100 [00:01, 40,0 ит/с] — прервано"), "{}", s.line());
    }

    #[test]
    fn unknown_and_empty_totals_do_not_divide_by_zero() {
        assert_eq!(state(3, None, 1_500).line(), "3 ит [00:01, 2,0 ит/с]");
        assert_eq!(state(0, Some(0), 0).line(), "100 %|████████████████████| 0/0 [00:00, — ит/с]");
        assert!(state(0, Some(0), 0).html().contains("value=\"0\" max=\"1\""));
    }

    #[test]
    fn html_escapes_the_comment() {
        let mut s = state(1, Some(2), 1_000);
        s.comment = "loss < 0.5".into();
        let html = s.html();
        assert!(html.contains("<b>loss &lt; 0.5</b>"), "{html}");
        assert!(html.contains("50 % · 1/2 · прошло 00:01 · осталось 00:01 · 1,0 ит/с"), "{html}");
    }
}
