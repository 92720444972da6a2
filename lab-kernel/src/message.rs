//! Making Jupyter messages from a kind and a JSON content, and reading requests.

use jupyter_protocol::messaging::{JupyterMessageContent, UnknownMessage};
use jupyter_protocol::{Header, JupyterMessage};
use jupyter_zmq_client::RuntimeError;
use jupyter_zmq_client::connection::{Connection, RawMessage};
use serde_json::{Value, json};
use zeromq::SocketRecv;

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

/// Reads the next message with a valid signature.
///
/// Fields that a client left out get the protocol's defaults; content that still does not fit its type
/// arrives as an unknown message, so that the sender can be answered.
///
/// # Errors
/// When the socket fails, the signature is wrong or a part is no JSON.
pub async fn receive<S: SocketRecv>(
    connection: &mut Connection<S>,
) -> Result<JupyterMessage, RuntimeError> {
    let multipart = connection.socket.recv().await?;
    let raw = RawMessage::from_multipart(multipart, &connection.mac)?;
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
    use super::*;

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
