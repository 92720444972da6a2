//! Bounded fuzzing on stable Rust: seeds and a corpus are changed at random and read, in a process of their own.
//!
//! That process may ask for [`BOUND`] bytes more than it had at the start, so an allocation beyond ends it; a panic,
//! a hang or an error of the wrong kind ends it too, and the input that did it is kept. The same inputs come at
//! every run, because the random numbers have a fixed seed. Nothing here knows what is read: `lab-cli` compiles these
//! files for its tests too. Not here: how inputs are changed (`mutator.rs`).

pub(crate) mod memory;
mod mutator;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use mutator::Mutator;

/// The longest input in bytes.
const LONGEST: usize = 1 << 16;
/// How much memory, in bytes, the process may take for reading them: everything together, at any time.
pub(crate) const BOUND: u64 = 64 << 20;
/// How long one input may take, on a machine with other work to do.
const SLOWEST: Duration = Duration::from_secs(20);
/// How many changed inputs each target gets; `LAB_FUZZ` says another number.
const INPUTS: usize = 4_000;
/// Where the process keeps the input at hand.
const FOLDER: &str = "LAB_FUZZ_FOLDER";
/// With this variable, inputs with an outcome that is new are added to the corpus.
const GROW: &str = "LAB_FUZZ_GROW";
/// The longest input and the most of them that a target's corpus gets.
const KEPT: (usize, usize) = (2048, 40);

/// Something that reads bytes.
pub(crate) struct Target {
    /// Its name, and that of its folder in the corpus.
    pub(crate) name: &'static str,
    /// Inputs to start from; they must be read without an error.
    pub(crate) seeds: Vec<Vec<u8>>,
    /// Pieces that make sense in this format.
    pub(crate) tokens: &'static [&'static [u8]],
    /// Reads the bytes, which the file holds too; the error is its text. It panics where something is wrong.
    pub(crate) read: fn(&[u8], &Path) -> Result<(), String>,
}

/// Runs the ignored test `test` of this program in a process of its own and fails as it does.
///
/// # Panics
/// When the process fails; its output and the input that it had at hand are told.
pub(crate) fn isolated(test: &str) {
    let folder = folder(test);
    std::fs::create_dir_all(&folder).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(FOLDER, &folder)
        .output()
        .unwrap();
    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    println!("{told}");
    assert!(told.contains("1 passed") || !output.status.success(), "no test {test}: {told}");
    assert!(
        output.status.success(),
        "{}; the input is kept in {}\n{told}",
        output.status,
        folder.display()
    );
    std::fs::remove_dir_all(folder).unwrap();
}

/// Where the process of a test keeps its inputs.
fn folder(test: &str) -> PathBuf {
    let name = format!("lab-fuzz-{}-{}", test.replace("::", "-"), std::process::id());
    std::env::temp_dir().join(name)
}

/// Gives every target its inputs; to be called in a process that [`isolated`] has started.
///
/// # Panics
/// At the first input that is not read or refused as it must be.
pub(crate) fn run(targets: &[Target], corpus: &Path) {
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("run by `isolated`"));
    let count = std::env::var("LAB_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(INPUTS);
    memory::bound(BOUND);
    for target in targets {
        let mut run = Run {
            target,
            file: folder.join(target.name),
            corpus: corpus.join(target.name),
            outcomes: BTreeSet::new(),
            refused: 0,
            inputs: 0,
        };
        run.all(count);
    }
}

struct Run<'a> {
    target: &'a Target,
    file: PathBuf,
    corpus: PathBuf,
    /// The outcomes so far, without their numbers and names.
    outcomes: BTreeSet<String>,
    refused: usize,
    inputs: usize,
}

impl Run<'_> {
    fn all(&mut self, count: usize) {
        let started = Instant::now();
        for seed in &self.target.seeds {
            let outcome = self.one(seed);
            assert_eq!(outcome, Ok(()), "{}: a seed is refused", self.target.name);
        }
        let kept = self.kept();
        for input in &kept {
            self.note(input);
        }
        for seed in &self.target.seeds {
            let step = seed.len() / 4096 + 1;
            (0..seed.len()).step_by(step).for_each(|end| self.note(&seed[..end]));
        }
        let inputs: Vec<Vec<u8>> = self.target.seeds.iter().cloned().chain(kept).collect();
        let mut mutator = Mutator::new(&inputs, self.target.tokens, LONGEST);
        for _ in 0..count {
            let input = mutator.next();
            self.note(&input);
        }
        assert!(self.refused > 0, "{}: nothing was refused", self.target.name);
        println!(
            "{:<20} {} inputs, {} refused, {} kinds of outcome, {:.1} s",
            self.target.name,
            self.inputs,
            self.refused,
            self.outcomes.len(),
            started.elapsed().as_secs_f64()
        );
    }

    /// Reads one input and remembers what came of it.
    fn note(&mut self, input: &[u8]) {
        let outcome = self.one(input);
        self.refused += usize::from(outcome.is_err());
        let outcome = outcome.err().unwrap_or_default();
        let is_new = self.outcomes.insert(shape(&outcome, &self.file));
        let has_room = self.outcomes.len() <= KEPT.1 && input.len() <= KEPT.0;
        if is_new && has_room && std::env::var_os(GROW).is_some() {
            let mut hash = DefaultHasher::new();
            input.hash(&mut hash);
            std::fs::create_dir_all(&self.corpus).unwrap();
            std::fs::write(self.corpus.join(format!("{:016x}", hash.finish())), input).unwrap();
        }
    }

    fn one(&mut self, input: &[u8]) -> Result<(), String> {
        self.inputs += 1;
        // A process that is ended for its memory leaves the input here.
        std::fs::write(&self.file, input).unwrap();
        let started = Instant::now();
        let read = catch_unwind(AssertUnwindSafe(|| (self.target.read)(input, &self.file)));
        let took = started.elapsed();
        let name = self.target.name;
        let Ok(outcome) = read else { panic!("{name}: a panic at input {}", self.inputs) };
        assert!(took < SLOWEST, "{name}: input {} took {took:?}", self.inputs);
        assert!(outcome != Err(String::new()), "{name}: an error without a text");
        outcome
    }

    /// The corpus in the repository, in order.
    fn kept(&self) -> Vec<Vec<u8>> {
        let Ok(entries) = std::fs::read_dir(&self.corpus) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
    }
}

/// A text without numbers, without what is quoted and without the file's name.
fn shape(text: &str, file: &Path) -> String {
    let mut shape = String::new();
    let mut quoted = 0usize;
    for c in text.replace(&file.display().to_string(), "").chars() {
        match c {
            '«' | '[' | '(' => quoted += 1,
            '»' | ']' | ')' => quoted = quoted.saturating_sub(1),
            _ if quoted > 0 || c.is_ascii_digit() => {}
            _ => shape.push(c),
        }
    }
    shape.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(read: fn(&[u8], &Path) -> Result<(), String>) -> Vec<Target> {
        vec![Target { name: "own", seeds: vec![b"seed 1".to_vec()], tokens: &[b"token"], read }]
    }

    /// What `isolated` says of the ignored test `name` beside this one.
    fn failure(name: &str) -> String {
        let path = module_path!();
        let path = path.split_once("::").map_or(path, |(_, path)| path);
        let test = format!("{path}::{name}");
        let failed = catch_unwind(|| isolated(&test));
        std::fs::remove_dir_all(folder(&test)).ok();
        *failed.expect_err("it must fail").downcast::<String>().unwrap()
    }

    #[test]
    fn a_panic_a_wrong_seed_and_too_much_memory_are_found() {
        assert!(failure("panics").contains("own: a panic at input"));
        assert!(failure("refuses_its_seed").contains("own: a seed is refused"));
        if cfg!(target_os = "linux") {
            assert!(failure("hungry").contains("memory allocation of"));
        }
    }

    #[test]
    #[ignore = "fails on purpose, run by the test above"]
    fn panics() {
        let read = |input: &[u8], _: &Path| match input.first() {
            Some(b's') => Ok(()),
            _ => panic!("on purpose"),
        };
        run(&target(read), Path::new("none"));
    }

    #[test]
    #[ignore = "fails on purpose, run by the test above"]
    fn refuses_its_seed() {
        run(&target(|_, _| Err("no".into())), Path::new("none"));
    }

    #[test]
    #[ignore = "fails on purpose, run by the test above"]
    fn hungry() {
        let read = |input: &[u8], _: &Path| match input.len() {
            6 => Ok(()),
            // Used, or the compiler would leave the allocation out.
            _ => Err(std::hint::black_box(vec![1u8; BOUND as usize]).len().to_string()),
        };
        run(&target(read), Path::new("none"));
    }
}
