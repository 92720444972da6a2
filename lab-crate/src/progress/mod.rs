//! Progress of a loop: `for batch in progress(loader)`, the counterpart of tqdm.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`progress`] and [`Progress`]: the iterator a student writes |
//! | `bar.rs` | when a bar is drawn, and where: notebook, stock kernel, terminal |
//! | `state.rs` | the numbers of a bar as text and HTML |
//! | `nest.rs` | bars inside bars share one output for each depth |

mod bar;
mod nest;
mod state;

use std::time::Instant;

use crate::interrupt::interrupted;
use bar::Bar;

/// Iterates over `items` with a bar that shows the count, the time passed and left, and the rate.
///
/// The bar is drawn at most every 0.2 s, and at the end. When the student interrupts the cell, the iterator
/// ends early, so that variables survive. Bars may be nested: inner bars share one output.
///
/// ```
/// let mut sum = 0;
/// for i in lab::progress(0..10).comment("складываем") {
///     sum += i;
/// }
/// assert_eq!(sum, 45);
/// ```
pub fn progress<I: IntoIterator>(items: I) -> Progress<I::IntoIter> {
    let items = items.into_iter();
    let total = items.size_hint().1.map(|total| total as u64);
    Progress { items, bar: Bar::new(total) }
}

/// An iterator with a progress bar; made by [`progress`].
///
/// To change the comment inside the loop, keep the iterator in a variable:
///
/// ```
/// let mut bar = lab::progress(0..3);
/// let mut last = None;
/// while let Some(epoch) = bar.next() {
///     bar.set_comment(format!("эпоха {epoch}"));
///     last = Some(epoch);
/// }
/// assert_eq!(last, Some(2));
/// ```
#[derive(Debug)]
#[must_use = "полоса появляется, когда по ней идут циклом: for x in progress(…)"]
pub struct Progress<I> {
    items: I,
    bar: Bar,
}

impl<I> Progress<I> {
    /// Sets the comment beside the bar, before the loop.
    ///
    /// ```
    /// let squares: Vec<u32> = lab::progress(1..=3).comment("квадраты").map(|i| i * i).collect();
    /// assert_eq!(squares, [1, 4, 9]);
    /// ```
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.bar.set_comment(text.into());
        self
    }

    /// Changes the comment beside the bar, inside the loop.
    pub fn set_comment(&mut self, text: impl Into<String>) {
        self.bar.set_comment(text.into());
    }

    /// Tells the number of items, where the iterator itself does not know it.
    ///
    /// ```
    /// let odd = (0..10).filter(|i| i % 2 == 1); // an iterator that does not know its length
    /// assert_eq!(lab::progress(odd).total(5).count(), 5);
    /// ```
    pub fn total(mut self, items: usize) -> Self {
        self.bar.set_total(items as u64);
        self
    }
}

impl<I: Iterator> Progress<I> {
    /// The next item, unless there is none or the loop is to stop.
    fn step(&mut self, is_interrupted: bool, now: Instant) -> Option<I::Item> {
        self.bar.arrive(now);
        let item = if is_interrupted { None } else { self.items.next() };
        if item.is_none() {
            self.bar.finish(is_interrupted, now);
        }
        item
    }
}

impl<I: Iterator> Iterator for Progress<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.step(interrupted(), Instant::now())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // An interrupt may end the loop at any item.
        (0, self.items.size_hint().1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_items_come_in_order() {
        assert_eq!(progress(vec![3, 1, 2]).collect::<Vec<_>>(), [3, 1, 2]);
        assert_eq!(progress(Vec::<u8>::new()).count(), 0);
    }

    #[test]
    fn an_interrupt_ends_the_loop() {
        let now = Instant::now();
        let mut bar = progress(0..10);
        assert_eq!(bar.step(false, now), Some(0));
        assert_eq!(bar.step(true, now), None);
        assert!(bar.bar.state().is_interrupted);
        assert_eq!(bar.bar.state().count, 1);
    }

    #[test]
    fn the_total_comes_from_the_iterator_or_from_the_student() {
        assert_eq!(progress(0..7).bar.state().total, Some(7));
        let odd = progress((0..7).filter(|i| i % 2 == 1));
        assert_eq!(odd.bar.state().total, Some(7), "an upper bound is better than nothing");
        let endless = progress(std::iter::from_fn(|| Some(1)));
        assert_eq!(endless.bar.state().total, None);
        assert_eq!(endless.total(5).bar.state().total, Some(5));
    }

    #[test]
    fn the_comment_can_change() {
        let mut bar = progress(0..2).comment("эпоха 1");
        assert_eq!(bar.bar.state().comment, "эпоха 1");
        bar.set_comment("эпоха 2");
        assert_eq!(bar.bar.state().comment, "эпоха 2");
    }
}
