//! Small parts of pictures.

/// Text that is no markup, in an element or an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A number of a picture: a tenth of a pixel is enough.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// A rectangle as a part of a path.
pub(super) fn rectangle(x: f64, y: f64, width: f64, height: f64) -> String {
    format!("M{} {}h{}v{}h{}z", number(x), number(y), number(width), number(height), number(-width))
}

/// A text at a place. `anchor` is start, middle or end.
pub(super) fn text(x: f64, y: f64, anchor: &str, words: &str) -> String {
    format!("<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>\n", number(x), number(y), escape(words))
}

/// A step for marks on an axis that spans so much: 1, 2 or 5 times a power of ten, for at most six marks.
pub(super) fn step(span: f64) -> f64 {
    if span <= 0.0 || !span.is_finite() {
        return 1.0;
    }
    let least = span / 6.0;
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|factor| factor * power).find(|step| *step >= least).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_few() {
        let check = |span: f64, expect: f64| assert!((step(span) - expect).abs() < 1e-9, "{span}: {}", step(span));
        check(6.0, 1.0);
        check(7.0, 2.0);
        check(100.0, 20.0);
        check(0.3, 0.05);
        check(55.0, 10.0);
        check(0.0, 1.0);
        check(f64::INFINITY, 1.0);
    }

    #[test]
    fn numbers_are_short() {
        let check = |value: f64, expect: &str| assert_eq!(number(value), expect);
        check(12.0, "12");
        check(12.34, "12.3");
        check(-0.5, "-0.5");
    }
}
