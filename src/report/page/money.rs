//! Money by month: a bar for each way that is compared.

use super::svg::{escape, number, rectangle, step, text};
use super::{Scene, Way};

const LEFT: f64 = 56.0;
const TOP: f64 = 8.0;
const WIDE: f64 = 900.0;
const HIGH: f64 = 220.0;

/// From money to pixels.
struct Scale {
    low: f64,
    high: f64,
}

/// The legend and the picture.
pub(super) fn money(scene: &Scene) -> String {
    if scene.months.is_empty() {
        return String::new();
    }
    let scale = Scale::of(&scene.ways);
    let key = |way: &Way| format!("<span class=\"key\"><i class=\"{}\"></i>{}</span>\n", way.code, escape(&way.name));
    let legend: String = scene.ways.iter().map(key).collect();
    let mut picture = format!(
        "<p class=\"legend\">{legend}</p>\n<div class=\"wide\"><svg viewBox=\"0 0 {} {}\" role=\"img\">\n\
         <title>Cost of each month in {}</title>\n",
        number(LEFT + WIDE),
        number(TOP + HIGH + 24.0),
        escape(&scene.currency)
    );
    picture.push_str(&scale.marks());
    let column = WIDE / precise(scene.months.len());
    for (index, month) in scene.months.iter().enumerate() {
        let x = LEFT + precise(index) * column;
        picture.push_str(&bars(scene, &scale, index, x, column));
        picture.push_str(&text(x + column / 2.0, TOP + HIGH + 18.0, "middle", &name(*month, scene.months.len())));
    }
    picture.push_str(&format!("<path class=\"zero\" d=\"M{LEFT} {}h{WIDE}\"/>\n", number(scale.y(0.0))));
    picture.push_str("</svg></div>\n");
    picture
}

/// The bars of one month, side by side.
fn bars(scene: &Scene, scale: &Scale, month: usize, x: f64, column: f64) -> String {
    let width = column * 0.84 / precise(scene.ways.len().max(1));
    let bar = |(index, way): (usize, &Way)| {
        let cost = *way.months.get(month)?;
        let (top, bottom) = (scale.y(cost.max(0.0)), scale.y(cost.min(0.0)));
        let path = rectangle(x + column * 0.08 + precise(index) * width, top, width * 0.92, bottom - top);
        let told = format!("{}: {cost:.2} {}", way.name, scene.currency);
        Some(format!("<path class=\"{}\" d=\"{path}\"><title>{}</title></path>\n", way.code, escape(&told)))
    };
    scene.ways.iter().enumerate().filter_map(bar).collect()
}

/// A month for people; with many of them the year stands at its beginning alone.
fn name((year, month): (i32, u32), count: usize) -> String {
    const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let name = usize::try_from(month).ok().and_then(|month| NAMES.get(month.checked_sub(1)?)).copied();
    let name = name.unwrap_or_default();
    if count <= 12 || month == 1 { format!("{name} {year}") } else { name.to_owned() }
}

/// A count as a number of a picture.
fn precise(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

impl Scale {
    fn of(ways: &[Way]) -> Scale {
        let costs = || ways.iter().flat_map(|way| way.months.iter().copied()).filter(|cost| cost.is_finite());
        let (low, high) = (costs().fold(0.0, f64::min), costs().fold(0.0, f64::max));
        if high > low { Scale { low, high } } else { Scale { low: 0.0, high: 1.0 } }
    }

    fn y(&self, cost: f64) -> f64 {
        TOP + HIGH * (self.high - cost) / (self.high - self.low)
    }

    /// Lines across with their amounts.
    fn marks(&self) -> String {
        let step = step(self.high - self.low);
        let decimals = if step < 0.1 { 2 } else { usize::from(step < 1.0) };
        let mut marks = String::new();
        let mut at = (self.low / step).ceil() * step;
        for _ in 0..12 {
            if at > self.high + step * 1e-6 {
                break;
            }
            let y = self.y(at);
            marks.push_str(&format!("<path class=\"mark\" d=\"M{LEFT} {}h{WIDE}\"/>\n", number(y)));
            // Not -0.
            marks.push_str(&text(LEFT - 6.0, y + 4.0, "end", &format!("{:.decimals$}", at + 0.0)));
            at += step;
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::two_days;
    use super::*;

    #[test]
    fn each_month_has_a_bar_of_each_way() {
        let money = money(&two_days());
        assert!(money.contains("<title>no battery: 4.50 GBP</title>"), "{money}");
        assert!(money.contains("<title>the policy: -0.25 GBP</title>"), "{money}");
        assert!(money.contains(">Jan 2026</text>"), "{money}");
    }

    #[test]
    fn what_cost_nothing_has_a_scale_all_the_same() {
        let mut scene = two_days();
        scene.ways.iter_mut().for_each(|way| way.months = vec![0.0]);
        assert!(!money(&scene).contains("NaN"));
    }
}
