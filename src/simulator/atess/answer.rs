//! The vendor's envelope, and the words that go with its codes.

use serde_json::{Value, json};

use super::fault::{Fault, Faults};

/// The codes of the envelope. The page's table says 200 for success, its samples say 0.
pub(super) mod code {
    pub(in crate::simulator::atess) const ZERO: u16 = 0;
    pub(in crate::simulator::atess) const SUCCESS: u16 = 200;
    pub(in crate::simulator::atess) const NOT_FOUND: u16 = 400;
    pub(in crate::simulator::atess) const NO_ACCESS: u16 = 403;
    pub(in crate::simulator::atess) const FAILED: u16 = 500;
}

/// How large an enormous body is, in bytes.
const ENORMOUS_BYTES: usize = 5 * 1024 * 1024;

/// A reply of another vendor's cloud.
const OTHER_VENDOR: &str = r#"{"result":1,"obj":{"pageNum":1,"count":0,"datas":[]},"error_code":0}"#;

/// What is in the envelope.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Envelope {
    /// See [`code`].
    pub(super) code: u16,
    /// Null where there is none.
    pub(super) data: Value,
    message: Message,
}

/// What `msg` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Success,
    NoAccess,
    NotFound,
    Failed,
    TooFrequent,
    NoLanguage,
    Parameter,
    Offline,
}

impl Envelope {
    /// Success; which of the two codes it is, is not known yet.
    pub(super) fn data(data: Value) -> Envelope {
        Envelope { code: code::SUCCESS, data, message: Message::Success }
    }

    /// A refusal.
    pub(super) fn refusal(code: u16, message: Message) -> Envelope {
        Envelope { code, data: Value::Null, message }
    }

    /// A refusal with the words that are usual for its code.
    pub(super) fn bare(code: u16) -> Envelope {
        let message = match code {
            code::NO_ACCESS => Message::NoAccess,
            code::NOT_FOUND => Message::NotFound,
            _ => Message::Failed,
        };
        Envelope::refusal(code, message)
    }

    pub(super) fn is_success(&self) -> bool {
        self.message == Message::Success
    }

    pub(super) fn is_too_frequent(&self) -> bool {
        self.message == Message::TooFrequent
    }

    /// The body, and the faults that shaped it.
    pub(super) fn body(&self, faults: Faults, chinese: bool) -> (String, Vec<Fault>) {
        let kinds = [Fault::OtherVendor, Fault::Localised, Fault::CodeAsText, Fault::BareBody, Fault::Enormous];
        let shaping: Vec<Fault> = kinds.into_iter().filter(|one| faults.has(*one)).collect();
        if faults.has(Fault::OtherVendor) {
            return (OTHER_VENDOR.to_owned(), shaping);
        }
        let message = self.message.words(chinese || faults.has(Fault::Localised));
        let code = if faults.has(Fault::CodeAsText) { json!(self.code.to_string()) } else { json!(self.code) };
        let body = if faults.has(Fault::BareBody) {
            json!({ "code": code, "msg": message })
        } else {
            json!({ "code": code, "data": self.data, "msg": message })
        };
        let mut text = body.to_string();
        if faults.has(Fault::Enormous) {
            text = format!("{}{text}", " ".repeat(ENORMOUS_BYTES));
        }
        (text, shaping)
    }
}

impl Message {
    fn words(self, chinese: bool) -> &'static str {
        let (english, translated) = match self {
            Message::Success => ("operate successfully", "操作成功"),
            Message::NoAccess => ("no access", "没有权限"),
            Message::NotFound => ("not found", "未找到"),
            Message::Failed => ("operation failed", "操作失败"),
            Message::TooFrequent => ("operation is too frequent, please try again later", "操作过于频繁，请稍后再试"),
            Message::NoLanguage => ("language is empty", "语言为空"),
            Message::Parameter => ("parameter error", "参数错误"),
            Message::Offline => ("the device is offline", "设备离线"),
        };
        if chinese { translated } else { english }
    }
}
