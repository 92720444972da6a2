//! Our side of the comparison with PyTorch: `cargo lab bench train` asks this program for one figure at a time.
//!
//! It reads the name of a figure from each line of its input, measures it once and prints `{"seconds": ...}` or
//! `{"error": "..."}`. PyTorch's side speaks the same way: lab-cli/python/torch_bench.py. Read next: `train.rs`.

use std::collections::HashMap;
use std::io::{BufRead, Write};

mod train;

/// Measures once, after what it needs has been made; returns seconds.
type Measure = Box<dyn FnMut() -> lab::Result<f64>>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut made: HashMap<String, Measure> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let name = line?;
        let answer = match name.trim() {
            "about" => Ok(about()),
            name => measure(&mut made, name).map(|seconds| format!("{{\"seconds\": {seconds:e}}}")),
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

/// The figure `name`; the first time its data and model are made and it runs once to warm up.
fn measure(made: &mut HashMap<String, Measure>, name: &str) -> lab::Result<f64> {
    if let Some(measure) = made.get_mut(name) {
        return measure();
    }
    let mut measure = train::figure(name)?;
    measure()?;
    let seconds = measure()?;
    made.insert(name.to_string(), measure);
    Ok(seconds)
}
