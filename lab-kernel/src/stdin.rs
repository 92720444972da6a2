//! The stdin channel: asks the student for a line while a cell waits for it.

use std::sync::{Arc, Mutex, PoisonError};

use jupyter_protocol::JupyterMessage;
use jupyter_protocol::messaging::JupyterMessageContent;
use jupyter_zmq_client::connection::{KernelStdinConnection, RouterSendConnection};
use serde_json::json;
use std::sync::mpsc::{Receiver, channel};
use tokio::runtime::Handle;

use crate::engine::Ask;
use crate::message::{receive, reply};
use crate::signatures::Signatures;

/// Sends input requests and hands the answers to the engine's thread.
#[derive(Clone)]
pub struct Stdin {
    requests: Arc<tokio::sync::Mutex<RouterSendConnection>>,
    answers: Arc<Mutex<Receiver<String>>>,
    handle: Handle,
}

impl Stdin {
    /// Starts to listen for answers.
    pub fn serve(connection: KernelStdinConnection, signatures: Signatures) -> Stdin {
        let (requests, mut replies) = connection.split();
        let (sender, answers) = channel();
        tokio::spawn(async move {
            loop {
                match receive(&mut replies, &signatures).await {
                    Ok(JupyterMessage {
                        content: JupyterMessageContent::InputReply(answer),
                        ..
                    }) => {
                        if sender.send(answer.value).is_err() {
                            return;
                        }
                    }
                    Ok(_) => {}
                    Err(error) => crate::server::pause_after(&error).await,
                }
            }
        });
        Stdin {
            requests: Arc::new(tokio::sync::Mutex::new(requests)),
            answers: Arc::new(Mutex::new(answers)),
            handle: Handle::current(),
        }
    }

    /// The function with which the cell of `request` asks.
    pub fn asker(&self, request: &JupyterMessage) -> Ask {
        let (stdin, request) = (self.clone(), request.clone());
        Box::new(move |prompt, password| {
            let content = json!({ "prompt": prompt, "password": password });
            let message = reply("input_request", content, &request);
            let answers = stdin.answers.lock().unwrap_or_else(PoisonError::into_inner);
            // An answer to an older question must not serve this one.
            while answers.try_recv().is_ok() {}
            // Sent by the thread of all channels, see server.rs.
            let requests = stdin.requests.clone();
            let send = stdin.handle.spawn(async move { requests.lock().await.send(message).await });
            match stdin.handle.block_on(send) {
                Ok(Ok(())) => answers.recv().unwrap_or_default(),
                _ => String::new(),
            }
        })
    }
}
