//! Answers to what this kernel does not do or cannot read.

use std::collections::HashMap;

use jupyter_protocol::JupyterMessage;
use serde_json::{Value, json};

use crate::failure::Failure;

/// Rust has no expressions to evaluate beside a cell: each is answered with an error of its own.
pub fn user_expressions(asked: Option<&HashMap<String, String>>) -> Value {
    let answer = |text: &String| {
        let value = format!("ядро Rust не вычисляет user_expressions: {text}");
        let mut fields = Failure::plain("NotImplementedError", &value).fields();
        fields["status"] = json!("error");
        fields
    };
    let answers = asked.into_iter().flatten().map(|(name, text)| (name.clone(), answer(text)));
    Value::Object(answers.collect())
}

/// The answer to a request that this kernel does not know or cannot read; `None` for other messages.
pub fn refuse(request: &JupyterMessage) -> Option<(String, Value)> {
    let kind = request.header.msg_type.strip_suffix("_request")?;
    let value = format!(
        "запрос «{}» не разобран: такого ядро не умеет или поля не те",
        request.header.msg_type
    );
    let mut content = Failure::plain("ValueError", &value).fields();
    content["status"] = json!("error");
    Some((format!("{kind}_reply"), content))
}
