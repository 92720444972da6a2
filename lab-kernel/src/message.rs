//! Making Jupyter messages from a kind and a JSON content, and reading requests.

use anyhow::{Context, Result, ensure};
use jupyter_protocol::messaging::{JupyterMessageContent, UnknownMessage};
use jupyter_protocol::{Header, JupyterMessage};
use jupyter_zmq_client::connection::{Connection, RawMessage};
use serde_json::{Value, json};
use zeromq::{SocketRecv, ZmqMessage};

use crate::signatures::Signatures;

/// What stands between the identities and the signature.
const DELIMITER: &[u8] = b"<IDS|MSG>";

/// A message for the IOPub channel, child of `parent`.
pub fn publish(kind: &str, content: Value, parent: &JupyterMessage) -> JupyterMessage {
    let mut message = JupyterMessage::new(typed(kind, content), Some(parent));
    // The first frame is the topic that subscribers filter by.
    message.zmq_identities = vec![format!("kernel.{kind}").into_bytes().into()];
    message
}

/// A reply to `request` on the channel it came from.
pub fn reply(kind: &str, content: Value, request: &JupyterMessage) -> JupyterMessage {
    let mut message = JupyterMessage::new(typed(kind, content), Some(request));
    message.zmq_identities.clone_from(&request.zmq_identities);
    message
}

fn typed(kind: &str, content: Value) -> JupyterMessageContent {
    // The raw form keeps every field as it was written; the wire format is the same.
    JupyterMessageContent::UnknownMessage(UnknownMessage { msg_type: kind.to_owned(), content })
}

/// Reads the next message with a valid signature that is not among `signatures`.
///
/// Fields that a client left out get the protocol's defaults; content that still does not fit its type
/// arrives as an unknown message, so that the sender can be answered.
///
/// # Errors
/// When the socket fails, the signature is missing, wrong or was there before, or a part is no JSON.
pub async fn receive<S: SocketRecv>(
    connection: &mut Connection<S>,
    signatures: &Signatures,
) -> Result<JupyterMessage> {
    let multipart = connection.socket.recv().await?;
    read(multipart, connection, signatures)
}

fn read<S>(
    multipart: ZmqMessage,
    connection: &Connection<S>,
    signatures: &Signatures,
) -> Result<JupyterMessage> {
    let signature = signature(&multipart);
    // Checked first: what anybody can send takes no place among the signatures.
    let raw = RawMessage::from_multipart(multipart, &connection.mac)
        .context("not a message signed with this kernel's key")?;
    let is_new = signature.is_some_and(|signature| signatures.is_new(signature));
    ensure!(is_new, "a message that came before was sent again");
    let header: Header = serde_json::from_slice(&raw.jparts[0])?;
    let mut content: Value = serde_json::from_slice(&raw.jparts[3])?;
    fill_defaults(&header.msg_type, &mut content);
    let typed_content =
        JupyterMessageContent::from_type_and_content(&header.msg_type, content.clone())
            .unwrap_or_else(|_| typed(&header.msg_type, content));
    Ok(JupyterMessage {
        zmq_identities: raw.zmq_identities,
        parent_header: serde_json::from_slice(&raw.jparts[1]).ok(),
        metadata: serde_json::from_slice(&raw.jparts[2])?,
        content: typed_content,
        buffers: raw.jparts[4..].to_vec(),
        channel: None,
        header,
    })
}

/// The first half of the signature; in the right one all digits are lower case, so it has one spelling.
fn signature(multipart: &ZmqMessage) -> Option<u128> {
    let frame = multipart.iter().skip_while(|frame| frame[..] != *DELIMITER).nth(1)?;
    u128::from_str_radix(std::str::from_utf8(frame.get(..32)?).ok()?, 16).ok()
}

fn fill_defaults(kind: &str, content: &mut Value) {
    let length = content["code"].as_str().map_or(0, |code| code.chars().count());
    let defaults = match kind {
        "execute_request" => json!({
            "silent": false, "store_history": true, "user_expressions": {},
            "allow_stdin": true, "stop_on_error": true,
        }),
        "complete_request" => json!({ "cursor_pos": length }),
        "inspect_request" => json!({ "cursor_pos": length, "detail_level": 0 }),
        "history_request" => json!({
            "hist_access_type": "tail", "output": false, "raw": true, "session": 0,
            "start": 0, "stop": i32::MAX, "n": i32::MAX, "pattern": "*", "unique": false,
        }),
        _ => return,
    };
    let (Value::Object(given), Value::Object(defaults)) = (content, defaults) else { return };
    for (name, value) in defaults {
        let field = given.entry(name).or_insert(Value::Null);
        let negative = field.as_i64().is_some_and(|number| number < 0) && kind != "history_request";
        if field.is_null() || negative {
            *field = value;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use jupyter_protocol::KernelInfoRequest;
    use zeromq::{DealerSocket, RouterSocket, Socket};

    /// The frames of a request as they come to a kernel's socket, and that kernel's connection.
    async fn sent(key: &str) -> (ZmqMessage, Connection<RouterSocket>) {
        let mut kernel = Connection::new(RouterSocket::new(), "key", "kernel");
        let endpoint = kernel.socket.bind("tcp://127.0.0.1:0").await.unwrap();
        let mut client = Connection::new(DealerSocket::new(), key, "client");
        client.socket.connect(&endpoint.to_string()).await.unwrap();
        client.send(KernelInfoRequest {}.into()).await.unwrap();
        (kernel.socket.recv().await.unwrap(), kernel)
    }

    #[tokio::test]
    async fn only_the_first_copy_of_a_signed_message_is_read() {
        let (frames, kernel) = sent("key").await;
        let signatures = Signatures::default();
        let message = read(frames.clone(), &kernel, &signatures).unwrap();
        assert_eq!(message.header.msg_type, "kernel_info_request");
        let mut with_buffer = frames.clone();
        // Buffers are not signed, and the client's identity is not either.
        with_buffer.push_back("buffer".into());
        let mut from_another = frames.clone();
        from_another.push_front("another".into());
        for again in [frames, with_buffer, from_another] {
            let error = read(again, &kernel, &signatures).unwrap_err().to_string();
            assert_eq!(error, "a message that came before was sent again");
        }
    }

    #[tokio::test]
    async fn a_message_without_the_right_signature_is_not_read() {
        let ((right, kernel), (wrong, _), (unsigned, _)) =
            (sent("key").await, sent("other").await, sent("").await);
        let signature = right.get(2).unwrap().clone();
        let signed = |signature: Vec<u8>| {
            let mut frames = right.clone().into_vec();
            frames[2] = signature.into();
            ZmqMessage::try_from(frames).unwrap()
        };
        let signatures = Signatures::default();
        for frames in [
            wrong,
            unsigned,
            signed(signature.to_ascii_uppercase()),
            signed(signature[..32].to_vec()),
            signed([&signature[..], b"00"].concat()),
        ] {
            let error = read(frames, &kernel, &signatures).unwrap_err().to_string();
            assert_eq!(error, "not a message signed with this kernel's key");
        }
        assert!(read(right.clone(), &kernel, &signatures).is_ok(), "the forged ones took no place");
    }

    #[test]
    fn a_short_request_gets_the_protocols_defaults() {
        for (kind, mut content) in [
            ("execute_request", json!({ "code": "1", "silent": false })),
            ("complete_request", json!({ "code": "abc", "cursor_pos": -1 })),
            ("inspect_request", json!({ "code": "abc" })),
            (
                "history_request",
                json!({ "hist_access_type": "search", "pattern": "x*", "n": null }),
            ),
        ] {
            fill_defaults(kind, &mut content);
            let typed = JupyterMessageContent::from_type_and_content(kind, content.clone());
            assert!(typed.is_ok(), "{kind}: {content}");
        }
    }
}
