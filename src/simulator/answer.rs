//! The vendor's envelope, and the words that go with its codes.

use serde_json::Value;

use super::fault::{Fault, Faults};

/// The vendor's codes that this cloud answers.
pub(super) mod code {
    pub(in crate::simulator) const SUCCESS: u16 = 200;
    pub(in crate::simulator) const BAD_PARAMETER: u16 = 6001;
    pub(in crate::simulator) const NOT_BOUND: u16 = 6005;
    pub(in crate::simulator) const TIME_STAMP: u16 = 6006;
    pub(in crate::simulator) const SIGNATURE: u16 = 6007;
    pub(in crate::simulator) const SET_FAILED: u16 = 6008;
    pub(in crate::simulator) const ALLOW_LIST: u16 = 6009;
    pub(in crate::simulator) const EMPTY_SIGN: u16 = 6010;
    pub(in crate::simulator) const EMPTY_TIME_STAMP: u16 = 6011;
    pub(in crate::simulator) const EMPTY_APP_ID: u16 = 6012;
    pub(in crate::simulator) const NO_DATA: u16 = 6016;
    pub(in crate::simulator) const NOT_ENTITLED: u16 = 6017;
    pub(in crate::simulator) const INTERNAL: u16 = 6026;
    pub(in crate::simulator) const FAILED: u16 = 6029;
    pub(in crate::simulator) const OFFLINE: u16 = 6042;
    pub(in crate::simulator) const TOO_FAST: u16 = 6053;
    pub(in crate::simulator) const MALFORMED: u16 = 10001;
}

/// What is in the envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    /// See [`code`].
    pub(super) code: u16,
    /// JSON text.
    pub(super) data: Option<String>,
    /// The parameter at fault.
    pub(super) parameter: Option<String>,
}

impl Envelope {
    /// Success with data as JSON text.
    pub(super) fn data(data: String) -> Envelope {
        Envelope { code: code::SUCCESS, data: Some(data), parameter: None }
    }

    /// An answer without data.
    pub(super) fn bare(code: u16) -> Envelope {
        Envelope { code, data: None, parameter: None }
    }

    /// A refusal for one parameter.
    pub(super) fn parameter(code: u16, parameter: &str) -> Envelope {
        Envelope { code, data: None, parameter: Some(parameter.to_owned()) }
    }

    /// The body, and the faults that shaped it.
    pub(super) fn body(&self, faults: Faults) -> (String, Vec<Fault>) {
        let shaping: Vec<Fault> =
            [Fault::Localised, Fault::BareBody].into_iter().filter(|one| faults.has(*one)).collect();
        let message = Value::from(message(self.code, faults.has(Fault::Localised)));
        let head = format!(r#"{{"code":{},"msg":{message}"#, self.code);
        if faults.has(Fault::BareBody) {
            return (format!("{head}}}"), shaping);
        }
        let parameter = self.parameter.as_deref().map_or(Value::Null, Value::from);
        let data = self.data.as_deref().unwrap_or("null");
        (format!(r#"{head},"expMsg":{parameter},"data":{data},"extra":null}}"#), shaping)
    }
}

fn message(code: u16, localised: bool) -> &'static str {
    let (english, chinese) = match code {
        code::SUCCESS => ("Success", "操作成功"),
        code::BAD_PARAMETER => ("Parameter error", "参数错误"),
        code::NOT_BOUND => ("This appId is not bound to the SN", "此appId未绑定该SN"),
        code::TIME_STAMP => ("Timestamp error", "时间戳错误"),
        code::SIGNATURE => ("Sign verification error", "签名校验失败"),
        code::SET_FAILED => ("Set failed", "设置失败"),
        code::ALLOW_LIST => ("Whitelist verification failed", "白名单校验失败"),
        code::EMPTY_SIGN => ("Sign is empty", "签名为空"),
        code::EMPTY_TIME_STAMP => ("timestamp is empty", "时间戳为空"),
        code::EMPTY_APP_ID => ("AppId is empty", "AppId为空"),
        code::NO_DATA => ("Data does not exist or has been deleted", "数据不存在或已删除"),
        code::NOT_ENTITLED => ("No permission", "没有权限"),
        code::INTERNAL => ("Internal error", "内部错误"),
        code::FAILED => ("Operation failed", "操作失败"),
        code::OFFLINE => ("The system is offline", "系统离线"),
        code::TOO_FAST => ("The request was too fast, please try again later", "请求过快，请稍后再试"),
        code::MALFORMED => ("Request body error", "请求体错误"),
        _ => ("Error", "错误"),
    };
    if localised { chinese } else { english }
}
