//! One run of a check: the student's code is called with care, the verdict printed and recorded.
//!
//! Not here: what is checked (one file for each lab), where the record is kept (`score.rs`).

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::{Mutex, PoisonError};

use super::fault::{Fault, Judgement, ensure};
use super::score;
use crate::{Error, Result, Rng, ready};

/// The environment variable that chooses other numbers for all checks.
const VARIABLE: &str = "LAB_CHECK_SEED";
/// The numbers that a student sees.
const VISIBLE: u64 = 1;

/// Runs the check of task `id` and prints its verdict; the generator draws the inputs.
///
/// # Errors
/// [`Error::Check`] when the answer is wrong, when it panics or is not written yet.
pub(super) fn run(id: &'static str, check: impl FnOnce(&mut Rng) -> Judgement) -> Result<()> {
    let seed = seed()?;
    ready::take_used();
    let judgement = careful(|| check(&mut Rng::seed(seed))).and_then(|()| own());
    match &judgement {
        Ok(()) => println!("{id} ✓"),
        Err(fault) => println!("{id} ✗ {}", fault.text()),
    }
    if let Err(error) = score::record(id, judgement.is_ok()) {
        println!("    (прогресс не записан: {error})");
    }
    judgement.map_err(|fault| Error::Check { id, reason: fault.text().to_owned() })
}

/// Judges that the answer was the student's own.
fn own() -> Judgement {
    ensure(!ready::take_used(), "ответ верен, но он готовый, из lab::ready")
        .map_err(|fault| fault.asking("С ним можно идти дальше, но баллы даёт только свой"))
}

/// The seed of the inputs.
fn seed() -> Result<u64> {
    #[cfg(test)]
    if let Some(seed) = testing::SEED.get() {
        return Ok(seed);
    }
    let Ok(text) = std::env::var(VARIABLE) else { return Ok(VISIBLE) };
    text.parse().map_err(|_| {
        Error::Argument(format!("{VARIABLE}={text}: ожидалось целое число, например 7"))
    })
}

/// Calls `check`; a panic in it is a fault, and nothing of it reaches the standard error, where it would
/// cost the points of the cell in nbgrader.
fn careful(check: impl FnOnce() -> Judgement) -> Judgement {
    /// The hook belongs to the process: one check at a time changes it.
    static HOOK: Mutex<()> = Mutex::new(());
    let _one = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let outcome = catch_unwind(AssertUnwindSafe(check));
    set_hook(hook);
    outcome.unwrap_or_else(|payload| Err(panicked(payload.as_ref())))
}

fn panicked(payload: &(dyn Any + Send)) -> Fault {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    match text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("без текста")
    {
        text if text.starts_with("not yet implemented") => {
            Fault::new("задание ещё не решено: напишите свой код на месте todo!(…)")
        }
        text => Fault::new(format!("код запаниковал: {text}"))
            .asking("Что случится, если вход пуст или короче, чем вы ждали?"),
    }
}

/// What the tests of the checks share.
#[cfg(test)]
pub(super) mod testing {
    use std::cell::Cell;

    use crate::{Error, Result};

    thread_local! {
        pub(super) static SEED: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// The verdicts of a check on the visible numbers and on hidden ones, `count` in all.
    fn verdicts(count: u64, check: impl Fn() -> Result<()>) -> Vec<Result<()>> {
        let verdict = |seed| {
            SEED.set(Some(seed));
            let verdict = check();
            SEED.set(None);
            verdict
        };
        (1..=count).map(verdict).collect()
    }

    /// Asserts that the answer passes, whatever the numbers are.
    pub(in crate::check) fn passes(check: impl Fn() -> Result<()>) {
        passes_on(20, check);
    }

    /// [`passes`] on `count` sets of numbers.
    pub(in crate::check) fn passes_on(count: u64, check: impl Fn() -> Result<()>) {
        for (i, verdict) in verdicts(count, check).into_iter().enumerate() {
            if let Err(Error::Check { reason, .. }) = &verdict {
                panic!("numbers {}: {reason}", i + 1);
            }
            assert!(verdict.is_ok(), "numbers {}: {verdict:?}", i + 1);
        }
    }

    /// Asserts that the answer fails with `text` in the reason, whatever the numbers are.
    pub(in crate::check) fn fails(check: impl Fn() -> Result<()>, text: &str) {
        fails_on(20, check, text);
    }

    /// [`fails`] on `count` sets of numbers.
    pub(in crate::check) fn fails_on(count: u64, check: impl Fn() -> Result<()>, text: &str) {
        for (i, verdict) in verdicts(count, check).into_iter().enumerate() {
            let Err(Error::Check { reason, .. }) = verdict else {
                panic!("numbers {}: {verdict:?} instead of «{text}»", i + 1);
            };
            assert!(reason.contains(text), "numbers {}: «{text}» is not in «{reason}»", i + 1);
        }
    }

    /// What a student's function says before it is written.
    pub(in crate::check) fn unsolved() -> ! {
        panic!("not yet implemented: ЗАДАНИЕ")
    }

    /// The reason for an answer that is not written yet.
    pub(in crate::check) const UNSOLVED: &str = "задание ещё не решено";
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn reason(check: impl FnOnce(&mut Rng) -> Judgement) -> String {
        match run("1.1", check) {
            Err(Error::Check { id: "1.1", reason }) => reason,
            other => panic!("not a verdict: {other:?}"),
        }
    }

    #[test]
    fn whatever_the_answer_does_there_is_a_verdict() {
        assert!(run("1.1", |_| Ok(())).is_ok());
        assert_eq!(reason(|_| Err(Fault::new("знак"))), "знак");
        assert!(reason(|_| panic!("index {}", 7)).starts_with("код запаниковал: index 7"));
        let unsolved = || panic!("not yet implemented: ЗАДАНИЕ 1.1");
        assert!(reason(|_| unsolved()).starts_with("задание ещё не решено"));
    }

    #[test]
    fn the_visible_numbers_are_always_the_same() {
        let draw = |rng: &mut Rng, to: &mut Vec<f64>| {
            to.push(rng.uniform());
            Ok(())
        };
        let mut drawn = Vec::new();
        run("1.1", |rng| draw(rng, &mut drawn)).unwrap();
        run("1.1", |rng| draw(rng, &mut drawn)).unwrap();
        assert_eq!(drawn[0], drawn[1]);
    }
}
