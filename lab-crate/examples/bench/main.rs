//! Our side of the comparison with PyTorch: `cargo lab bench` asks this program for one figure at a time.
//!
//! It reads the name of a figure from each line of its input, measures it and prints `{"seconds": ...,
//! "peak_bytes": ...}` or `{"error": "..."}`. PyTorch's side speaks the same way: lab-cli/python/torch_bench.py.
//! Read next: `train.rs`, `vision.rs`.

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

mod peak;
mod train;
mod vision;

/// A figure is run again until this much time has passed, and the mean is told: in training a step follows a step, while
/// the first one finds the caches full of what the other side left there.
const AT_LEAST: Duration = Duration::from_millis(500);

/// Measures once, after what it needs has been made; returns seconds.
type Measure = Box<dyn FnMut() -> lab::Result<f64>>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut made: HashMap<String, Measure> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let name = line?;
        let answer = match name.trim() {
            "about" => Ok(about()),
            name => measure(&mut made, name),
        };
        println!(
            "{}",
            answer.unwrap_or_else(|error| format!("{{\"error\": {:?}}}", error.to_string()))
        );
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// What this program is.
fn about() -> String {
    let (version, threads) = (env!("CARGO_PKG_VERSION"), lab::num_threads());
    format!("{{\"about\": \"lab {version}, потоков: {threads}\"}}")
}

/// The answer for the figure `name`; the first time its data and model are made and it runs once to warm up.
fn measure(made: &mut HashMap<String, Measure>, name: &str) -> lab::Result<String> {
    if !made.contains_key(name) {
        let mut measure = vision::figure(name).unwrap_or_else(|| train::figure(name))?;
        measure()?;
        made.insert(name.to_string(), measure);
    }
    let Some(measure) = made.get_mut(name) else { return Ok("{}".to_string()) };
    peak::forget();
    let (start, mut seconds, mut runs) = (Instant::now(), 0.0, 0.0);
    while runs == 0.0 || start.elapsed() < AT_LEAST {
        seconds += measure()?;
        runs += 1.0;
    }
    let seconds: f64 = seconds / runs;
    let peak = peak::bytes().map_or("null".to_string(), |bytes| bytes.to_string());
    Ok(format!("{{\"seconds\": {seconds:e}, \"peak_bytes\": {peak}}}"))
}
