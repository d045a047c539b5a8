//! A backtest as one self-contained HTML page: no network, readable on paper, in light and dark, and by those who cannot
//! tell red from green.

mod data;
mod heat;
mod money;
mod outcome;
mod scene;
mod svg;
mod table;

pub use outcome::scene;
pub use scene::{Act, Day, Kind, Scene, Slot, Totals, Way};

use svg::escape;

/// What the page looks like.
const STYLE: &str = include_str!("style.css");

/// What draws a day and pages through them.
const SCRIPT: &str = include_str!("script.js");

/// Only what the page itself holds: nothing is ever fetched or sent.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// The page of a scene, as the text of an HTML file.
#[must_use]
pub fn page(scene: &Scene) -> String {
    let title = escape(&scene.title);
    let sections = [
        head(scene),
        section("table", "What it cost", &table::table(scene)),
        section("heat", "What was done, hour by hour", &heat::heat(scene)),
        section("money", "Money by month", &money::money(scene)),
        section("day", "One day", DAY),
    ];
    let body = sections.concat();
    let data = data::data(scene);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

/// Where the script draws a day.
const DAY: &str = "<p class=\"pages\"><button id=\"before\" type=\"button\">← day before</button>\n\
     <label>Day <input id=\"date\" type=\"date\"></label>\n\
     <button id=\"after\" type=\"button\">day after →</button> <span class=\"faint\">or the arrow keys; a click on the \
     picture of the year opens its day</span></p>\n\
     <h3 id=\"shown\"></h3>\n<div id=\"course\"></div>\n<p id=\"under\" class=\"faint\"></p>\n\
     <noscript><p>The day view is drawn by the script of this page, which is switched off.</p></noscript>\n";

fn head(scene: &Scene) -> String {
    let notes: String = scene.notes.iter().map(|note| format!("<p class=\"note\">{}</p>\n", escape(note))).collect();
    let lead = scene.totals.lead.as_deref().map(|lead| format!("<p class=\"lead\">{}</p>\n", escape(lead)));
    format!(
        "<header>\n<h1>{}</h1>\n<p class=\"faint\">{}</p>\n{}{notes}</header>\n",
        escape(&scene.title),
        escape(&scene.subtitle),
        lead.unwrap_or_default()
    )
}

fn section(id: &str, title: &str, body: &str) -> String {
    format!("<section id=\"{id}\">\n<h2>{title}</h2>\n{body}</section>\n")
}

#[cfg(test)]
mod tests {
    use super::scene::tests::two_days;
    use super::*;

    #[test]
    fn a_page_fetches_nothing() {
        let page = page(&two_days());
        for word in ["http:", "https:", "src=", "href=", "@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket"] {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn what_an_owner_wrote_is_text_and_never_a_tag() {
        let mut scene = two_days();
        scene.title = "</title><script>alert(1)</script>".to_owned();
        scene.acts[0].rule = "</script><b onclick='x'>\"&".to_owned();
        let page = page(&scene);
        assert_eq!(page.matches("<script").count(), 2, "the data and the script of the page");
        assert_eq!(page.matches("</script").count(), 2);
        assert!(!page.contains("<b onclick"));
    }
}
