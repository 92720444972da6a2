//! The kernel's end of the socket that shim and cargo front connect to.

use std::io::{BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::mpsc::Sender;

use crate::cell::SharedCell;
use crate::frame::Frame;
use crate::outbox::Out;

/// How long the frames of a cell may take to arrive behind its end.
const SYNC_LIMIT: Duration = Duration::from_secs(10);

/// Accepts connections and passes their frames to the outbox.
#[derive(Clone)]
pub struct Link {
    shim: Arc<Mutex<Option<UnixStream>>>,
}

impl Link {
    /// Listens on the socket at `path`.
    ///
    /// # Errors
    /// When the socket cannot be bound.
    pub fn listen(path: &Path, outbox: Sender<Out>) -> Result<Link> {
        let listener = UnixListener::bind(path)
            .with_context(|| format!("не удалось открыть сокет {}", path.display()))?;
        let link = Link { shim: Arc::default() };
        let handle = link.clone();
        std::thread::Builder::new().name("link".to_owned()).spawn(move || {
            for stream in listener.incoming().flatten() {
                let (link, outbox) = (handle.clone(), outbox.clone());
                std::thread::spawn(move || link.read(stream, &outbox));
            }
        })?;
        Ok(link)
    }

    fn read(&self, stream: UnixStream, outbox: &Sender<Out>) {
        let Ok(mut input) = stream.try_clone().map(|s| BufReader::with_capacity(1 << 16, s)) else {
            return;
        };
        let mut is_shim = false;
        while let Ok(Some(frame)) = Frame::read(&mut input) {
            if matches!(frame, Frame::Started(_)) {
                is_shim = true;
                *self.shim.lock().unwrap_or_else(PoisonError::into_inner) = stream.try_clone().ok();
            }
            // A full outbox holds the runtime back: memory stays bounded.
            if outbox.blocking_send(Out::Frame(frame)).is_err() {
                return;
            }
        }
        if is_shim {
            *self.shim.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Waits until every frame that the shim has sent so far is with the outbox.
    pub async fn sync(&self, cell: &SharedCell) {
        let mut synced = cell.synced();
        synced.mark_unchanged();
        {
            let shim = self.shim.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(mut stream) = shim.as_ref() else { return };
            if stream.write_all(&[1]).is_err() {
                return;
            }
        }
        let _ = tokio::time::timeout(SYNC_LIMIT, synced.changed()).await;
    }
}
