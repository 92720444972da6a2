//! The shell channel: runs cells and answers questions, one request after the other.

use std::path::PathBuf;
use std::time::Duration;

use jupyter_protocol::JupyterMessage;
use jupyter_protocol::messaging::{ExecuteRequest, JupyterMessageContent};
use jupyter_zmq_client::connection::RouterSendConnection;
use serde_json::{Value, json};
use tokio::sync::mpsc::{Sender, UnboundedReceiver};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::cell::SharedCell;
use crate::completeness::{self, Completeness};
use crate::engine::{Ask, Engine, Outcome};
use crate::explain::Explanations;
use crate::failure::Failure;
use crate::heap;
use crate::history::History;
use crate::home::Home;
use crate::info;
use crate::interrupt::Interrupt;
use crate::link::Link;
use crate::message::{publish, reply};
use crate::outbox::Out;
use crate::refusal::{refuse, user_expressions};
use crate::session;

/// How long the report of a runtime's end may take behind the end itself.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// After so long without a request the kernel counts as idle.
const QUIET: Duration = Duration::from_secs(10);
const _: () = assert!(session::YOUNG.as_millis() <= QUIET.as_millis());

/// Everything the shell channel works with.
pub struct Shell {
    /// Sends replies.
    pub replies: RouterSendConnection,
    /// Requests, in order.
    pub requests: UnboundedReceiver<JupyterMessage>,
    /// Publishes outputs.
    pub outbox: Sender<Out>,
    /// Runs cells.
    pub engine: Engine,
    /// What is said under an error.
    pub explanations: Explanations,
    /// The socket to the shim.
    pub link: Link,
    /// State of the running cell.
    pub cell: SharedCell,
    /// Interrupts the running cell.
    pub interrupt: Interrupt,
    /// Makes the function that asks the student for input.
    pub ask: Box<dyn Fn(&JupyterMessage) -> Ask + Send + Sync>,
    /// The kernel's folders.
    pub home: Home,
    /// Folder with the generated source.
    pub session: PathBuf,
    /// Number of the last stored cell.
    pub count: usize,
    /// The stored cells.
    pub history: History,
}

impl Shell {
    /// Serves requests until the channel closes.
    pub async fn run(mut self) {
        while let Some(request) = self.next().await {
            let queued = self.serve(&request).await;
            for request in queued {
                self.abort_or_serve(&request).await;
            }
        }
    }

    /// The next request. While none comes, free memory goes back to the system: more and more rarely, since a kernel
    /// that was only opened may still be warming up at the first time. And what a killed kernel's helpers, killed
    /// themselves, could not remove goes too.
    async fn next(&mut self) -> Option<JupyterMessage> {
        let mut quiet = QUIET;
        loop {
            match timeout(quiet, self.requests.recv()).await {
                Ok(request) => return request,
                Err(_) => {
                    let home = self.home.clone();
                    spawn_blocking(move || {
                        heap::give_back();
                        session::sweep(&home);
                    });
                    quiet *= 8;
                }
            }
        }
    }

    /// Answers a request. After an error the requests that were already queued are returned.
    async fn serve(&mut self, request: &JupyterMessage) -> Vec<JupyterMessage> {
        self.status("busy", request).await;
        let mut queued = Vec::new();
        let answer = match &request.content {
            JupyterMessageContent::ExecuteRequest(execute) => {
                let (content, error) = self.execute(request, execute).await;
                // What came before the reply goes out belongs to the same "run all"; what comes
                // after it was sent by someone who knows of the error.
                if error && execute.stop_on_error {
                    queued.extend(std::iter::from_fn(|| self.requests.try_recv().ok()));
                }
                Some(("execute_reply".to_owned(), content))
            }
            JupyterMessageContent::CommOpen(open) => {
                // No comm target lives here: Jupyter wants it closed again.
                let content = json!({ "comm_id": open.comm_id, "data": {} });
                self.publish("comm_close", content, request).await;
                None
            }
            _ => self.answer(request).await,
        };
        if let Some((kind, content)) = answer {
            self.reply(&kind, content, request).await;
        }
        self.status("idle", request).await;
        queued
    }

    /// Answers a question that runs no cell.
    async fn answer(&self, request: &JupyterMessage) -> Option<(String, Value)> {
        let (kind, content) = match &request.content {
            JupyterMessageContent::KernelInfoRequest(_) => ("kernel_info_reply", info::kernel()),
            JupyterMessageContent::CompleteRequest(complete) => {
                let content = self.complete(complete.code.clone(), complete.cursor_pos).await;
                ("complete_reply", content)
            }
            JupyterMessageContent::InspectRequest(inspect) => {
                let content = self.inspect(inspect.code.clone(), inspect.cursor_pos).await;
                ("inspect_reply", content)
            }
            JupyterMessageContent::IsCompleteRequest(code) => {
                ("is_complete_reply", is_complete(&code.code))
            }
            JupyterMessageContent::HistoryRequest(history) => {
                ("history_reply", self.history.answer(history))
            }
            JupyterMessageContent::CommInfoRequest(_) => {
                ("comm_info_reply", json!({ "status": "ok", "comms": {} }))
            }
            _ => return refuse(request),
        };
        Some((kind.to_owned(), content))
    }

    async fn execute(
        &mut self,
        request: &JupyterMessage,
        execute: &ExecuteRequest,
    ) -> (Value, bool) {
        let silent = execute.silent;
        let store = execute.store_history && !silent;
        if store {
            self.count += 1;
        }
        let count = self.count.max(1);
        self.interrupt.clear();
        self.cell.lock().begin();
        self.send(Out::Begin { request: Box::new(request.clone()), silent, count }).await;
        if !silent {
            let content = json!({ "code": execute.code, "execution_count": count });
            self.publish("execute_input", content, request).await;
        }
        let ask = if execute.allow_stdin {
            (self.ask)(request)
        } else {
            Box::new(|_: &str, _| String::new())
        };
        let outcome = self.engine.execute(execute.code.clone(), ask).await;
        let (failure, result) =
            self.conclude(&execute.code, &outcome, count, silent, request).await;
        if store {
            self.history.push(count, execute.code.clone(), result);
        }
        match failure {
            Some(failure) => {
                let mut content = failure.fields();
                if !silent {
                    self.publish("error", content.clone(), request).await;
                }
                content["status"] = json!("error");
                content["execution_count"] = json!(count);
                (content, true)
            }
            None => {
                let expressions = user_expressions(execute.user_expressions.as_ref());
                let content = json!({
                    "status": "ok", "execution_count": count,
                    "payload": [], "user_expressions": expressions,
                });
                (content, false)
            }
        }
    }

    /// Waits for the cell's last output; says how it failed, or what its result reads.
    async fn conclude(
        &mut self,
        code: &str,
        outcome: &Outcome,
        count: usize,
        silent: bool,
        request: &JupyterMessage,
    ) -> (Option<Failure>, Option<String>) {
        match outcome {
            Outcome::Died => self.wait_for_last_words().await,
            _ => self.link.sync(&self.cell).await,
        }
        let (done, ended) = oneshot::channel();
        self.send(Out::End(done)).await;
        let result = ended.await.ok().flatten();
        let failure = self.failure(code, outcome);
        self.interrupt.clear();
        if let (None, Outcome::Ran(data)) = (&failure, outcome)
            && !data.is_empty()
            && !silent
        {
            let content = json!({ "execution_count": count, "data": data, "metadata": {} });
            self.publish("execute_result", content, request).await;
        }
        (failure, result)
    }

    /// Closes the cell's state and judges it.
    fn failure(&self, code: &str, outcome: &Outcome) -> Option<Failure> {
        let mut cell = self.cell.lock();
        cell.running = None;
        match outcome {
            _ if cell.killed => Some(Failure::interrupted_by_force()),
            Outcome::Died => {
                Some(Failure::died(cell.exited.as_deref().unwrap_or("причина неизвестна")))
            }
            _ if cell.interrupted => Some(Failure::interrupted()),
            Outcome::Refused(failure) => Some(failure.clone().explained(&self.explanations)),
            Outcome::Ran(_) => cell.fault.as_ref().map(|fault| {
                Failure::from_fault(fault, code, &self.session).explained(&self.explanations)
            }),
        }
    }

    async fn wait_for_last_words(&self) {
        let step = Duration::from_millis(5);
        let mut waited = Duration::ZERO;
        while self.cell.lock().exited.is_none() && waited < LAST_WORDS {
            tokio::time::sleep(step).await;
            waited += step;
        }
    }

    /// After an error, cells that were already sent are not run: Jupyter's "run all" stops here.
    async fn abort_or_serve(&mut self, request: &JupyterMessage) {
        if matches!(request.content, JupyterMessageContent::ExecuteRequest(_)) {
            self.status("busy", request).await;
            let content = json!({ "status": "aborted", "execution_count": self.count });
            self.reply("execute_reply", content, request).await;
            self.status("idle", request).await;
        } else {
            self.serve(request).await;
        }
    }

    async fn complete(&self, code: String, cursor: usize) -> Value {
        match self.engine.complete(code, cursor).await {
            Some(found) => json!({
                "status": "ok", "matches": found.matches,
                "cursor_start": found.start, "cursor_end": found.end,
                "metadata": { "_jupyter_types_experimental": found.types },
            }),
            None => json!({
                "status": "ok", "matches": [],
                "cursor_start": cursor, "cursor_end": cursor, "metadata": {},
            }),
        }
    }

    async fn inspect(&self, code: String, cursor: usize) -> Value {
        match self.engine.inspect(code, cursor).await {
            Some((plain, html)) => json!({
                "status": "ok", "found": true, "metadata": {},
                "data": { "text/plain": plain, "text/html": html },
            }),
            None => json!({ "status": "ok", "found": false, "data": {}, "metadata": {} }),
        }
    }

    async fn status(&self, state: &str, request: &JupyterMessage) {
        self.publish("status", json!({ "execution_state": state }), request).await;
    }

    async fn publish(&self, kind: &str, content: Value, request: &JupyterMessage) {
        self.send(Out::Message(Box::new(publish(kind, content, request)))).await;
    }

    async fn reply(&mut self, kind: &str, content: Value, request: &JupyterMessage) {
        if let Err(error) = self.replies.send(reply(kind, content, request)).await {
            eprintln!("shell: {error}");
        }
    }

    async fn send(&self, out: Out) {
        let _ = self.outbox.send(out).await;
    }
}

fn is_complete(code: &str) -> Value {
    match completeness::judge(code) {
        Completeness::Complete => json!({ "status": "complete" }),
        Completeness::Incomplete => {
            json!({ "status": "incomplete", "indent": completeness::indent(code) })
        }
        Completeness::Invalid => json!({ "status": "invalid" }),
    }
}
