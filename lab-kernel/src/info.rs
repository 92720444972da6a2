//! What the kernel says about itself in `kernel_info_reply`.

use serde_json::{Value, json};

/// The content of `kernel_info_reply`.
pub fn kernel() -> Value {
    json!({
        "status": "ok",
        "protocol_version": "5.3",
        "implementation": "lab-kernel",
        "implementation_version": env!("CARGO_PKG_VERSION"),
        "banner": "Rust: ядро лаборатории на движке evcxr",
        "debugger": false,
        "language_info": {
            "name": "rust",
            "version": env!("LAB_KERNEL_RUSTC"),
            "mimetype": "text/x-rustsrc",
            "file_extension": ".rs",
            "pygments_lexer": "rust",
            "codemirror_mode": "rust",
        },
        "help_links": [
            { "text": "Стандартная библиотека Rust", "url": "https://doc.rust-lang.org/std/" },
            { "text": "candle-core", "url": "https://docs.rs/candle-core/" },
        ],
    })
}
