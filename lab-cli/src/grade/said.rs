//! What a program says while it runs.
//!
//! Not here: the program (`sandbox.rs`).

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What a program writes, taken in while it runs.
pub struct Said {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Said {
    /// More than this of a program's output is dropped.
    const MOST: usize = 16 << 20;
    /// How long a process that got away may keep the pipe open after the end.
    const PATIENCE: Duration = Duration::from_secs(2);

    /// Starts to read `pipe`.
    pub fn by(mut pipe: impl Read + Send + 'static) -> Said {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut part = [0; 8192];
            while let Ok(n @ 1..) = pipe.read(&mut part) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let room = Self::MOST - kept.len();
                kept.extend_from_slice(&part[..n.min(room)]);
            }
        });
        Said { bytes, reader }
    }

    /// Everything up to the end of the program, which must have ended.
    pub fn all(self) -> String {
        let ended = Instant::now();
        while !self.reader.is_finished() && ended.elapsed() < Self::PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
