//! The vendors' JSON: the envelope around every reply, and numbers that come as integers, floats, strings or nothing.

use serde_json::{Map, Value};

/// The longest stretch of a vendor's own text that is quoted, in characters.
const MAX_QUOTE: usize = 120;

/// A reply as a vendor wraps it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Envelope {
    /// The only thing that says how it went.
    pub code: i64,
    /// `msg` and `expMsg` for people: localised, so nothing is decided by them.
    pub words: String,
    /// `data`, null if it is missing.
    pub data: Value,
}

impl Envelope {
    /// Reads a reply.
    pub(super) fn parse(body: &str) -> Result<Envelope, String> {
        let start = body.trim_start();
        if start.is_empty() {
            return Err("the reply is empty".to_owned());
        }
        if start.starts_with('<') {
            return Err("the reply is a web page, not JSON".to_owned());
        }
        let value = serde_json::from_str::<Value>(body).map_err(|error| format!("the reply is not JSON: {error}"))?;
        let Value::Object(mut fields) = value else {
            return Err(format!("the reply is {}, not an object with a code", kind(&value)));
        };
        let code =
            whole(number(&fields, "code")?.ok_or("the reply has no code")?).ok_or("the code is no whole number")?;
        let words = [fields.get("msg"), fields.get("expMsg")].into_iter().flatten().filter_map(Value::as_str);
        let words = words.filter(|text| !text.trim().is_empty()).collect::<Vec<_>>().join(": ");
        Ok(Envelope { code, words, data: fields.remove("data").unwrap_or(Value::Null) })
    }
}

/// The fields of an object, or why it is none.
pub(super) fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("{what} is {}, not an object", kind(value)))
}

/// The number of a field in any of the vendors' spellings; `None` if it is missing, null or an empty text.
///
/// # Errors
/// What stands there instead: a missing number is never zero, and `NaN` is none.
pub(super) fn number(fields: &Map<String, Value>, key: &str) -> Result<Option<f64>, String> {
    match fields.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => number.as_f64().map(Some).ok_or_else(|| format!("{key} is no usable number")),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => {
            let parsed = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
            parsed.map(Some).ok_or_else(|| format!("{key} is {}, not a number", quoted(text)))
        }
        Some(other) => Err(format!("{key} is {}, not a number", kind(other))),
    }
}

/// The text of a field; `None` if it is missing, null or empty. Control characters are taken out.
pub(super) fn text(fields: &Map<String, Value>, key: &str) -> Result<Option<String>, String> {
    match fields.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(plain(text)).filter(|text| !text.is_empty())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(other) => Err(format!("{key} is {}, not a text", kind(other))),
    }
}

/// Whether the object is about another system than the one asked for. `key`: the vendor's name of the serial.
pub(super) fn check_serial(fields: &Map<String, Value>, key: &str, serial: &str) -> Result<(), String> {
    match text(fields, key)? {
        Some(found) if !found.eq_ignore_ascii_case(serial) => {
            Err(format!("the reply is about system {}, not {}", quoted(&found), quoted(serial)))
        }
        _ => Ok(()),
    }
}

/// A whole number that fits; `None` for a fraction or beyond what an `f64` counts exactly.
pub(super) fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within range")]
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

/// Someone else's words for a message of ours: without control characters, shortened, in quotation marks.
pub(super) fn quoted(text: &str) -> String {
    format!("“{}”", plain(text))
}

/// What kind of JSON value stands there, for messages.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn plain(text: &str) -> String {
    let shown = text.chars().map(|letter| if invisible(letter) { ' ' } else { letter });
    let mut shown = shown.take(MAX_QUOTE + 1).collect::<String>().trim().to_owned();
    if shown.chars().count() > MAX_QUOTE {
        shown = shown.chars().take(MAX_QUOTE - 1).chain(['…']).collect();
    }
    shown
}

/// Whether a letter could drive a terminal or turn the text around.
fn invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_needs_a_code_and_nothing_else() {
        let check = |body: &str, expect: Result<(i64, &str), &str>| {
            let parsed = Envelope::parse(body);
            let shown = parsed.as_ref().map(|envelope| (envelope.code, envelope.words.as_str()));
            assert_eq!(shown.map_err(String::as_str), expect, "{body}");
        };
        check(r#"{"code":200}"#, Ok((200, "")));
        check(r#"{"code":"200","msg":null,"data":{}}"#, Ok((200, "")));
        check(r#"{"code":6001.0,"msg":"参数错误","expMsg":"timeChaf1"}"#, Ok((6001, "参数错误: timeChaf1")));
        check("", Err("the reply is empty"));
        check("<html>502</html>", Err("the reply is a web page, not JSON"));
        check(r#"{"code":2"#, Err("the reply is not JSON: EOF while parsing an object at line 1 column 9"));
        check("[1]", Err("the reply is a list, not an object with a code"));
        check(r#"{"status":0}"#, Err("the reply has no code"));
        check(r#"{"code":null}"#, Err("the reply has no code"));
        check(r#"{"code":"ok"}"#, Err("code is “ok”, not a number"));
        check(r#"{"code":200.5}"#, Err("the code is no whole number"));
        check(r#"{"code":[200]}"#, Err("code is a list, not a number"));
    }

    #[test]
    fn numbers_come_in_every_spelling_and_a_missing_one_is_not_zero() {
        let check = |json: &str, expect: Result<Option<f64>, &str>| {
            let value: Value = serde_json::from_str(json).expect("JSON");
            let found = number(object(&value, "data").expect("an object"), "soc");
            assert_eq!(found.as_ref().map(|number| *number).map_err(String::as_str), expect, "{json}");
        };
        check(r#"{"soc":56}"#, Ok(Some(56.0)));
        check(r#"{"soc":56.4}"#, Ok(Some(56.4)));
        check(r#"{"soc":"56.4"}"#, Ok(Some(56.4)));
        check(r#"{"soc":" -3 "}"#, Ok(Some(-3.0)));
        check(r#"{"soc":0}"#, Ok(Some(0.0)));
        check(r#"{"soc":null}"#, Ok(None));
        check(r#"{"soc":""}"#, Ok(None));
        check(r#"{}"#, Ok(None));
        check(r#"{"soc":"NaN"}"#, Err("soc is “NaN”, not a number"));
        check(r#"{"soc":"inf"}"#, Err("soc is “inf”, not a number"));
        check(r#"{"soc":"1e999"}"#, Err("soc is “1e999”, not a number"));
        check(r#"{"soc":"56 %"}"#, Err("soc is “56 %”, not a number"));
        check(r#"{"soc":true}"#, Err("soc is a truth value, not a number"));
        check(r#"{"soc":{}}"#, Err("soc is an object, not a number"));
    }

    #[test]
    fn foreign_words_cannot_drive_a_terminal() {
        assert_eq!(quoted("a\u{1b}[31mb\n\u{202e}c"), "“a [31mb  c”");
        assert_eq!(quoted(&"x".repeat(1000)).chars().count(), MAX_QUOTE + 2);
        assert_eq!(whole(1e300), None);
        assert_eq!(whole(-6.0), Some(-6));
    }
}
