//! The sums as tables: what each way cost, and what each rule was worth.

use super::svg::escape;
use super::{Scene, Way};

/// The tables of a scene.
pub(super) fn table(scene: &Scene) -> String {
    let most = scene.ways.first().map_or(0.0, |way| way.cost);
    let row = |way: &Way| {
        format!(
            "<tr><th scope=\"row\"><i class=\"{}\"></i>{}</th><td>{:.2}</td><td>{:.2}</td><td>{:.0}</td><td>{:.0}</td>\
             <td>{:.0}</td></tr>\n",
            way.code,
            escape(&way.name),
            way.cost,
            most - way.cost,
            way.import,
            way.export,
            way.cycles
        )
    };
    let first = scene.ways.first().map_or(String::new(), |way| escape(&way.name));
    format!(
        "<table>\n<thead><tr><th scope=\"col\">way</th><th scope=\"col\">cost, {currency}</th><th scope=\"col\">saved \
         against {first}</th><th scope=\"col\">import, kWh</th><th scope=\"col\">export, kWh</th><th scope=\"col\">cycles\
         </th></tr></thead>\n<tbody>\n{}</tbody>\n</table>\n{}",
        scene.ways.iter().map(row).collect::<String>(),
        rules(scene),
        currency = escape(&scene.currency),
    )
}

fn rules(scene: &Scene) -> String {
    if scene.totals.rules.is_empty() {
        return String::new();
    }
    let row = |(name, hours, worth): &(String, f64, Option<f64>)| {
        let worth = worth.map_or("not tried".to_owned(), |worth| format!("{worth:.2}"));
        format!("<tr><th scope=\"row\">{}</th><td>{hours:.0}</td><td>{worth}</td></tr>\n", escape(name))
    };
    format!(
        "<table>\n<thead><tr><th scope=\"col\">rule</th><th scope=\"col\">hours</th><th scope=\"col\">what the policy \
         would have cost more without it, {}</th></tr></thead>\n<tbody>\n{}</tbody>\n</table>\n",
        escape(&scene.currency),
        scene.totals.rules.iter().map(row).collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::two_days;
    use super::*;

    #[test]
    fn savings_are_against_the_first_way() {
        let table = table(&two_days());
        assert!(table.contains("the policy</th><td>-0.25</td><td>4.75</td>"), "{table}");
        assert!(table.contains("<th scope=\"row\">Never</th><td>0</td><td>not tried</td>"), "{table}");
    }
}
