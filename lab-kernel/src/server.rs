//! The kernel role: binds Jupyter's channels, starts the engine and keeps both until shutdown.

use std::path::Path;
use std::time::Duration;

use anyhow::{Error, Result};
use jupyter_protocol::messaging::JupyterMessageContent;
use jupyter_protocol::{ConnectionInfo, JupyterMessage};
use jupyter_zmq_client::connection::{
    KernelControlConnection, KernelHeartbeatConnection, RouterRecvConnection,
    create_kernel_control_connection, create_kernel_heartbeat_connection,
    create_kernel_iopub_connection, create_kernel_shell_connection, create_kernel_stdin_connection,
};
use rustix::process::{Pid, Signal, getppid, kill_process};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Sender, UnboundedSender, channel, unbounded_channel};

use crate::cell::SharedCell;
use crate::connection;
use crate::engine::Engine;
use crate::explain::Explanations;
use crate::frame::Frame;
use crate::history::History;
use crate::home::Home;
use crate::info;
use crate::interrupt::Interrupt;
use crate::link::Link;
use crate::message::{publish, receive as receive_message, reply};
use crate::outbox::{Out, Outbox};
use crate::refusal::refuse;
use crate::session::{self, Session};
use crate::shell::Shell;
use crate::signatures::Signatures;
use crate::stdin::Stdin;

/// How many frames may wait before the runtime is held back.
const BACKLOG: usize = 256;

/// Serves a kernel for the connection file until it is shut down.
///
/// # Errors
/// When the file is unreadable, or asks for a kernel that others can reach, or a port cannot be bound.
pub fn run(connection_file: &Path) -> Result<()> {
    let connection = connection::read(connection_file)?;
    let home = Home::from_env()?;
    session::sweep(&home);
    let session = Session::from_env()?;
    // One thread: with more of them zeromq 0.7.0 may stop all for good when clients come and go. A worker then waits, without
    // yielding, for a lock that has been handed to a task which needs a worker to run.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let cell = SharedCell::new();
    let served = runtime.block_on(serve(&connection, home, &session, cell.clone()));
    // The shim sees the end of its input and takes the runtime along; do not wait for a busy engine.
    if let Some(pid) =
        cell.lock().runtime.and_then(|p| i32::try_from(p).ok()).and_then(Pid::from_raw)
    {
        let _ = kill_process(pid, Signal::KILL);
    }
    drop(session);
    if let Err(error) = served {
        eprintln!("lab-kernel: {error:#}");
        std::process::exit(1);
    }
    std::process::exit(0);
}

async fn serve(
    connection: &ConnectionInfo,
    home: Home,
    session: &Session,
    cell: SharedCell,
) -> Result<()> {
    let id = uuid::Uuid::new_v4().to_string();
    let iopub = create_kernel_iopub_connection(connection, &id).await?;
    let shell = create_kernel_shell_connection(connection, &id).await?;
    let control = create_kernel_control_connection(connection, &id).await?;
    let signatures = Signatures::default();
    let stdin = create_kernel_stdin_connection(connection, &id).await?;
    let stdin = Stdin::serve(stdin, signatures.clone());
    let heartbeat = create_kernel_heartbeat_connection(connection).await?;

    let (outbox, inbox) = channel(BACKLOG);
    tokio::spawn(Outbox::new(iopub, cell.clone()).run(inbox));
    tokio::spawn(beat(heartbeat));
    let link = Link::listen(&session::socket_path(&session.dir), outbox.clone())?;
    let interrupt = Interrupt::new(session.dir.join("interrupt"), cell.clone());
    let explanations = Explanations::of(home.lab_crate.as_deref());
    let engine = start_engine(home.clone(), session, outbox.clone())?;

    let (replies, requests_in) = shell.split();
    let (requests_out, requests) = unbounded_channel();
    tokio::spawn(receive(requests_in, requests_out, signatures.clone()));
    let shell = Shell {
        replies,
        requests,
        outbox: outbox.clone(),
        engine,
        explanations,
        link,
        cell,
        interrupt: interrupt.clone(),
        ask: Box::new(move |request| stdin.asker(request)),
        home,
        session: session.dir.clone(),
        count: 0,
        history: History::default(),
    };
    tokio::spawn(shell.run());
    tokio::select! {
        () = serve_control(control, signatures, outbox, interrupt.clone()) => Ok(()),
        result = watch_signals(interrupt) => result,
        () = parent_gone() => Ok(()),
    }
}

fn start_engine(home: Home, session: &Session, outbox: Sender<Out>) -> Result<Engine> {
    let progress = move |done: u32, total: u32, name: &str| {
        let _ = outbox.blocking_send(Out::Frame(Frame::Compiling(done, total, name.to_owned())));
    };
    Engine::start(home, session.dir.clone(), progress)
}

async fn receive(
    mut connection: RouterRecvConnection,
    requests: UnboundedSender<JupyterMessage>,
    signatures: Signatures,
) {
    loop {
        match receive_message(&mut connection, &signatures).await {
            Ok(request) => {
                if requests.send(request).is_err() {
                    return;
                }
            }
            Err(error) => pause_after(&error).await,
        }
    }
}

/// A bad message (wrong signature, sent again, unreadable) is dropped; a broken socket must not spin.
pub async fn pause_after(error: &Error) {
    eprintln!("message ignored: {error:#}");
    tokio::time::sleep(Duration::from_millis(5)).await;
}

async fn beat(mut heartbeat: KernelHeartbeatConnection) {
    loop {
        if heartbeat.single_heartbeat().await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn serve_control(
    mut control: KernelControlConnection,
    signatures: Signatures,
    outbox: Sender<Out>,
    interrupt: Interrupt,
) {
    let tell = async |kind: &str, content: Value, request: &JupyterMessage| {
        let _ = outbox.send(Out::Message(Box::new(publish(kind, content, request)))).await;
    };
    loop {
        let request = match receive_message(&mut control, &signatures).await {
            Ok(request) => request,
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        tell("status", json!({ "execution_state": "busy" }), &request).await;
        let mut stop = false;
        let answer = match &request.content {
            JupyterMessageContent::ShutdownRequest(shutdown) => {
                stop = true;
                Some((
                    "shutdown_reply".to_owned(),
                    json!({ "status": "ok", "restart": shutdown.restart }),
                ))
            }
            JupyterMessageContent::InterruptRequest(_) => {
                interrupt.request();
                Some(("interrupt_reply".to_owned(), json!({ "status": "ok" })))
            }
            JupyterMessageContent::KernelInfoRequest(_) => {
                Some(("kernel_info_reply".to_owned(), info::kernel()))
            }
            _ => refuse(&request),
        };
        if let Some((kind, content)) = answer {
            let kind = kind.as_str();
            if stop {
                tell(kind, content.clone(), &request).await;
            }
            if let Err(error) = control.send(reply(kind, content, &request)).await {
                eprintln!("control: {error}");
            }
        }
        tell("status", json!({ "execution_state": "idle" }), &request).await;
        if stop {
            // Let the last messages leave before the sockets close.
            tokio::time::sleep(Duration::from_millis(100)).await;
            return;
        }
    }
}

/// SIGINT interrupts the cell, SIGTERM ends the kernel.
async fn watch_signals(interrupt: Interrupt) -> Result<()> {
    let mut int = signal(SignalKind::interrupt())?;
    let mut term = signal(SignalKind::terminate())?;
    loop {
        tokio::select! {
            _ = int.recv() => interrupt.request(),
            _ = term.recv() => return Ok(()),
        }
    }
}

/// Ends when the Jupyter server that started the kernel is gone, so that no kernel is orphaned.
async fn parent_gone() {
    let started_by = getppid();
    if std::env::var_os("JPY_PARENT_PID").is_none() {
        return std::future::pending().await;
    }
    while getppid() == started_by {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
