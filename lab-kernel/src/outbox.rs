//! The outbox: turns what happens in the runtime into messages on the IOPub channel.
//!
//! It keeps the order of text and outputs, joins text into few messages, lets only the newest of several
//! updates of one output through, and tells a cell's last expression from its other outputs. It is a
//! single task; everyone else only sends it [`Out`]s.

use std::collections::HashSet;
use std::time::Duration;

use jupyter_protocol::JupyterMessage;
use jupyter_zmq_client::connection::KernelIoPubConnection;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use crate::cell::{Cell, SharedCell};
use crate::frame::{Block, Frame};
use crate::message::publish;
use crate::utf8::whole_chars;

/// Shortest time between two deliveries; the first after a pause goes out at once.
const TICK: Duration = Duration::from_millis(25);
/// How long an output waits for its other MIME types, and to learn whether it is the cell's result.
const HOLD: Duration = Duration::from_millis(12);
/// Longest text in one stream message.
const LONGEST_TEXT: usize = 1 << 20;
/// Display id of the line that shows compiling dependencies.
const COMPILING: &str = "lab-kernel-compiling";

/// What the outbox is told.
pub enum Out {
    /// From here on, output belongs to this request; `silent` drops it.
    Begin {
        /// The request.
        request: Box<JupyterMessage>,
        /// Whether nothing may be published.
        silent: bool,
        /// The cell's number, for its result.
        count: usize,
    },
    /// Something happened in the runtime or in a build.
    Frame(Frame),
    /// Publish this after everything before it.
    Message(Box<JupyterMessage>),
    /// The cell has ended: deliver everything, then tell the text of its result, if it has one.
    End(oneshot::Sender<Option<String>>),
}

enum Item {
    Text { name: &'static str, text: String },
    Show(Show),
    Clear(bool),
}

/// An output on its way.
struct Show {
    data: Map<String, Value>,
    id: Option<String>,
    update: bool,
    result: bool,
    /// Not delivered before this moment, because more of it may come.
    until: Instant,
}

/// The task's state.
pub struct Outbox {
    iopub: KernelIoPubConnection,
    cell: SharedCell,
    parent: Option<Box<JupyterMessage>>,
    silent: bool,
    items: Vec<Item>,
    shown: HashSet<String>,
    cut_utf8: [Vec<u8>; 2],
    last_delivery: Instant,
    count: usize,
    result: Option<String>,
}

impl Outbox {
    /// An outbox that publishes on `iopub` and notes in `cell` how the cell fares.
    pub fn new(iopub: KernelIoPubConnection, cell: SharedCell) -> Outbox {
        Outbox {
            iopub,
            cell,
            parent: None,
            silent: false,
            items: Vec::new(),
            shown: HashSet::new(),
            cut_utf8: [Vec::new(), Vec::new()],
            last_delivery: Instant::now(),
            count: 0,
            result: None,
        }
    }

    /// Works until the senders are gone.
    pub async fn run(mut self, mut inbox: Receiver<Out>) {
        loop {
            let out = match self.deadline() {
                None => inbox.recv().await,
                Some(at) => tokio::select! {
                    biased;
                    out = inbox.recv() => out,
                    () = sleep_until(at) => { self.on_time().await; continue }
                },
            };
            let Some(out) = out else { return };
            self.take(out).await;
            if self.deadline().is_some_and(|at| at <= Instant::now()) {
                self.on_time().await;
            }
        }
    }

    /// When something must be delivered: not too soon after the last time, nor while it is held.
    fn deadline(&self) -> Option<Instant> {
        let tick = self.last_delivery + TICK;
        self.items.first().map(|first| match first {
            Item::Show(show) => tick.max(show.until),
            _ => tick,
        })
    }

    async fn on_time(&mut self) {
        let now = Instant::now();
        let held = |item: &Item| matches!(item, Item::Show(show) if show.until > now);
        let ready = self.items.iter().position(held).unwrap_or(self.items.len());
        self.deliver(ready).await;
    }

    async fn take(&mut self, out: Out) {
        match out {
            Out::Begin { request, silent, count } => {
                self.deliver(self.items.len()).await;
                self.parent = Some(request);
                self.silent = silent;
                self.count = count;
                self.result = None;
                self.shown.remove(COMPILING);
            }
            Out::Frame(frame) => self.frame(frame),
            Out::Message(message) => {
                self.deliver(self.items.len()).await;
                self.send(*message).await;
            }
            Out::End(done) => self.end(done).await,
        }
    }

    fn frame(&mut self, frame: Frame) {
        match frame {
            Frame::Stdout(bytes) => self.text("stdout", 0, &bytes),
            Frame::Stderr(bytes) => self.text("stderr", 1, &bytes),
            Frame::Block(block) => self.block(block),
            Frame::Clear(wait) => self.items.push(Item::Clear(wait)),
            Frame::Result => self.mark_result(),
            Frame::Compiling(done, total, name) => self.compiling(done, total, &name),
            other => Cell::note(&self.cell, other),
        }
    }

    fn text(&mut self, name: &'static str, stream: usize, bytes: &[u8]) {
        let text = whole_chars(&mut self.cut_utf8[stream], bytes);
        match self.items.last_mut() {
            Some(Item::Text { name: last, text: so_far })
                if *last == name && so_far.len() + text.len() <= LONGEST_TEXT =>
            {
                so_far.push_str(&text);
            }
            _ if text.is_empty() => {}
            _ => self.items.push(Item::Text { name, text }),
        }
    }

    fn block(&mut self, block: Block) {
        let Block { mime, id, update, result, content } = block;
        let value = if mime.ends_with("json") {
            serde_json::from_str(&content).unwrap_or(Value::String(content))
        } else {
            Value::String(content)
        };
        if !result && let Some(same) = self.same_output(id.as_deref(), &mime) {
            same.data.insert(mime, value);
            return;
        }
        let data = Map::from_iter([(mime, value)]);
        self.show(data, id, update, result);
    }

    /// The output that a further MIME type belongs to: the one just begun with the same id, or without
    /// an id the one directly before, when one of the two is its text form (evcxr's convention).
    fn same_output(&mut self, id: Option<&str>, mime: &str) -> Option<&mut Show> {
        let begun = match id {
            Some(_) => self.last_show(id),
            None => match self.items.last_mut() {
                Some(Item::Show(show)) if show.id.is_none() && !show.result => Some(show),
                _ => None,
            },
        }?;
        let plain = "text/plain";
        let pairs = id.is_some() || (mime == plain) != begun.data.contains_key(plain);
        (pairs && !begun.data.contains_key(mime)).then_some(begun)
    }

    /// The newest output with this id that is still on its way and has not been cleared since.
    fn last_show(&mut self, id: Option<&str>) -> Option<&mut Show> {
        let newest_first = self.items.iter_mut().rev();
        newest_first.take_while(|item| !matches!(item, Item::Clear(_))).find_map(
            |item| match item {
                Item::Show(show) if show.id.as_deref() == id => Some(show),
                _ => None,
            },
        )
    }

    fn mark_result(&mut self) {
        if let Some(show) = self.last_show(None) {
            show.result = true;
            show.until = Instant::now();
        }
    }

    fn compiling(&mut self, done: u32, total: u32, name: &str) {
        let text = match total {
            0 => name.to_owned(),
            _ => format!("Сборка зависимостей: {done} из {total} · {name}"),
        };
        let data = Map::from_iter([("text/plain".to_owned(), Value::String(text))]);
        self.show(data, Some(COMPILING.to_owned()), true, false);
    }

    fn show(&mut self, data: Map<String, Value>, id: Option<String>, update: bool, result: bool) {
        let until = Instant::now() + if result { Duration::ZERO } else { HOLD };
        let known = id.as_ref().is_some_and(|id| self.shown.contains(id));
        if known
            && update
            && let Some(older) = self.last_show(id.as_deref())
        {
            // Only the newest state matters; the hold is not prolonged, or it would never end.
            older.data = data;
            return;
        }
        if let Some(id) = &id
            && self.parent.is_some()
        {
            self.shown.insert(id.clone());
        }
        self.items.push(Item::Show(Show { data, id, update: known && update, result, until }));
    }

    /// Publishes the first `ready` items.
    async fn deliver(&mut self, ready: usize) {
        if ready == 0 {
            return;
        }
        self.last_delivery = Instant::now();
        let rest = self.items.split_off(ready);
        for item in std::mem::replace(&mut self.items, rest) {
            match item {
                Item::Text { name, text } => {
                    self.send_content("stream", json!({ "name": name, "text": text })).await;
                }
                Item::Clear(wait) => {
                    self.send_content("clear_output", json!({ "wait": wait })).await;
                }
                Item::Show(show) => self.deliver_show(show).await,
            }
        }
    }

    async fn deliver_show(&mut self, show: Show) {
        let Show { data, id, update, result, .. } = show;
        if result && data.len() == 1 && data.get("text/plain") == Some(&json!("()")) {
            // A loop or a `show()` at the end has no value worth showing.
            return;
        }
        if result {
            self.result = data.get("text/plain").and_then(Value::as_str).map(str::to_owned);
            let content = json!({ "execution_count": self.count, "data": data, "metadata": {} });
            return self.send_content("execute_result", content).await;
        }
        let kind = if update { "update_display_data" } else { "display_data" };
        let transient = id.map_or(json!({}), |id| json!({ "display_id": id }));
        let content = json!({ "data": data, "metadata": {}, "transient": transient });
        self.send_content(kind, content).await;
    }

    async fn end(&mut self, done: oneshot::Sender<Option<String>>) {
        for stream in 0..2 {
            // A character cut by the end of the cell will not be completed.
            let rest = std::mem::take(&mut self.cut_utf8[stream]);
            if !rest.is_empty() {
                let text = String::from_utf8_lossy(&rest).into_owned();
                self.items.push(Item::Text { name: ["stdout", "stderr"][stream], text });
            }
        }
        self.deliver(self.items.len()).await;
        let _ = done.send(self.result.take());
    }

    async fn send_content(&mut self, kind: &str, content: Value) {
        if self.silent {
            return;
        }
        if let Some(parent) = &self.parent {
            let message = publish(kind, content, parent);
            self.send(message).await;
        }
    }

    async fn send(&mut self, message: JupyterMessage) {
        if let Err(error) = self.iopub.send(message).await {
            eprintln!("iopub: {error}");
        }
    }
}
