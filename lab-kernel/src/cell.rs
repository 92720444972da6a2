//! What is known about the cell that runs now; shared by the outbox, the shell and the interrupt.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::frame::{Fault, Frame};

/// The state of the running cell and its runtime process.
#[derive(Default)]
pub struct Cell {
    /// Process id of the runtime.
    pub runtime: Option<u32>,
    /// Why the code failed, if it did.
    pub fault: Option<Fault>,
    /// How the runtime ended, if it did while this cell ran.
    pub exited: Option<String>,
    /// Number of the running cell since the start; `None` between cells.
    pub running: Option<u64>,
    /// Whether an interrupt was asked for during this cell.
    pub interrupted: bool,
    /// Whether the runtime was killed because it did not react.
    pub killed: bool,
    started: u64,
}

/// A cell that several tasks look at, with a counter of synchronizations.
#[derive(Clone)]
pub struct SharedCell {
    cell: Arc<Mutex<Cell>>,
    synced: watch::Sender<u64>,
}

impl SharedCell {
    /// The state before any cell.
    pub fn new() -> SharedCell {
        SharedCell { cell: Arc::default(), synced: watch::Sender::new(0) }
    }

    /// Looks at or changes the state.
    pub fn lock(&self) -> MutexGuard<'_, Cell> {
        self.cell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the shim's answers to synchronization.
    pub fn synced(&self) -> watch::Receiver<u64> {
        self.synced.subscribe()
    }
}

impl Cell {
    /// A new cell begins; returns its number.
    pub fn begin(&mut self) -> u64 {
        self.started += 1;
        let runtime = self.runtime;
        *self =
            Cell { runtime, running: Some(self.started), started: self.started, ..Cell::default() };
        self.started
    }

    /// Notes a frame that is not output.
    pub fn note(shared: &SharedCell, frame: Frame) {
        let mut cell = shared.lock();
        match frame {
            Frame::Started(pid) => cell.runtime = Some(pid),
            Frame::Failed(fault) => cell.fault = Some(fault),
            Frame::Exited(how) => {
                cell.exited = Some(how);
                cell.runtime = None;
            }
            Frame::Synced => {
                drop(cell);
                shared.synced.send_modify(|count| *count += 1);
            }
            _ => {}
        }
    }
}
