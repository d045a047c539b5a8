//! The JSON Schema of a policy (draft 2020-12), made from the tables that lowering reads its keys from.
//!
//! It is what an editor can know of a policy while it is typed: keys, shapes, words, and how sentences are spelt. Whatever it
//! refuses, `check` refuses too. It cannot know what one part of a policy says of another; that is `check`'s alone.
//!
//! It keeps to what draft 7 has as well, but for `$defs`, since editors still read schemas as that.

mod pattern;
mod spelling;

use serde_json::{Map, Value, json};

use super::coverage::MAX_BANDS;
use super::keys::beside::MAX_SERIES;
use super::keys::{
    self, CONDITION, DRIVERS, Key, MAX_CALENDARS, MAX_ITEMS, MAX_POINTS, MAX_RULES, Need, RULE, Sentence, Table, Takes,
};
use super::model::Driver;

/// The schema of a policy.
#[must_use]
pub fn schema() -> Value {
    let mut draft = Draft::default();
    let mut root = Map::new();
    root.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("$id".to_owned(), json!("urn:offpeak:policy:1"));
    root.insert("title".to_owned(), json!("An offpeak policy, version 1 of the language"));
    root.extend(draft.object(&keys::POLICY));
    root.insert("anyOf".to_owned(), tariff_somewhere());
    root.insert("$defs".to_owned(), Value::Object(draft.defs));
    Value::Object(root)
}

/// The schema of a file of tests beside a policy.
#[must_use]
pub fn test_schema() -> Value {
    let mut draft = Draft::default();
    let mut root = Map::new();
    root.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("$id".to_owned(), json!("urn:offpeak:tests:1"));
    root.insert("title".to_owned(), json!("Tests beside an offpeak policy, version 1 of the language"));
    root.extend(draft.object(&keys::beside::TEST_FILE));
    root.insert("$defs".to_owned(), Value::Object(draft.defs));
    Value::Object(root)
}

/// The tariff stands in the policy, or may stand in a file that it includes, at the top or under `rules`.
fn tariff_somewhere() -> Value {
    let included = json!({ "type": "array", "contains": { "type": "object", "required": ["include"] } });
    json!([
        { "required": ["tariff"] },
        { "required": ["include"] },
        { "required": ["rules"], "properties": { "rules": included } },
    ])
}

/// A schema while it is written: the parts that are referred to by name.
#[derive(Debug, Default)]
struct Draft {
    defs: Map<String, Value>,
}

impl Draft {
    /// A mapping with the keys of a table and no other.
    fn object(&mut self, table: &'static Table) -> Map<String, Value> {
        let properties = table.keys.iter().map(|key| (key.name.to_owned(), self.property(key))).collect();
        let needed = table.keys.iter().filter(|key| key.need == Need::Always).map(|key| key.name).collect::<Vec<_>>();
        let mut object = fields(json!({ "description": table.about, "type": "object" }));
        object.insert("properties".to_owned(), Value::Object(properties));
        if !needed.is_empty() {
            object.insert("required".to_owned(), json!(needed));
        }
        object.insert("additionalProperties".to_owned(), json!(false));
        if !table.either.is_empty() {
            object.insert("oneOf".to_owned(), either(table.either));
        }
        if table.keys.iter().any(|key| !key.drivers.is_empty()) {
            object.insert("allOf".to_owned(), DRIVERS.map(|driver| of_driver(table, driver)).into_iter().collect());
        }
        object
    }

    /// What stands behind a key, with what it says.
    fn property(&mut self, key: &Key) -> Value {
        let usual = if key.usual.is_empty() { String::new() } else { format!(" If left out: {}.", key.usual) };
        let mut property = fields(json!({ "description": format!("{}{usual}", key.about) }));
        if matches!(key.takes, Takes::One(_) | Takes::Any(..) | Takes::Text | Takes::Given(_))
            && !key.example.starts_with('[')
        {
            property.insert("examples".to_owned(), json!([key.example]));
        }
        property.extend(fields(self.takes(key.takes)));
        Value::Object(property)
    }

    fn takes(&mut self, takes: Takes) -> Value {
        match takes {
            Takes::Version => json!({ "enum": [1, "1"] }),
            Takes::Count(least, most) => json!({ "anyOf": [
                { "type": "integer", "minimum": least, "maximum": most },
                { "type": "string", "pattern": pattern::COUNT },
            ] }),
            Takes::Word(words) => json!({ "enum": words() }),
            Takes::One(sentence) => self.sentence(sentence),
            Takes::Any(sentence, most) => self.any(sentence, most),
            Takes::Mapping(table) => self.table(table),
            // An owner who has no rule yet may leave the place behind the key empty.
            Takes::Rules => json!({
                "type": ["array", "null", "string"],
                "pattern": pattern::NOTHING,
                "maxItems": MAX_RULES,
                "items": { "anyOf": [self.table(&RULE), self.table(&keys::INCLUDED_RULES)] },
            }),
            Takes::Conditions => {
                json!({ "type": "array", "minItems": 1, "maxItems": MAX_ITEMS, "items": self.table(&CONDITION) })
            }
            Takes::Calendars => {
                let one = json!({ "anyOf": [self.sentence(Sentence::Dates), self.table(&keys::ICAL)] });
                let list = json!({ "type": "array", "minItems": 1, "maxItems": MAX_ITEMS, "items": one });
                by_name(json!({ "anyOf": [one, list] }), MAX_CALENDARS)
            }
            Takes::Prices => self.prices(),
            Takes::Soc => json!({ "anyOf": [{ "const": "unknown" }, self.table(&keys::SOC)] }),
            Takes::Text => json!({ "type": ["string", "number"], "pattern": pattern::SOMETHING }),
            Takes::List(table, most) => json!({ "type": "array", "maxItems": most, "items": self.table(table) }),
            Takes::Mappings(table, most) => {
                let one = self.table(table);
                json!({ "anyOf": [one, { "type": "array", "minItems": 1, "maxItems": most, "items": one }] })
            }
            Takes::Given(sentence) => json!({ "anyOf": [
                self.sentence(sentence),
                { "type": "string", "pattern": pattern::NOT_READ },
                { "type": "array", "minItems": 1, "maxItems": MAX_SERIES, "items": { "type": "string", "pattern": pattern::TIMED } },
            ] }),
            Takes::Curve => json!({
                "type": "object",
                "minProperties": 2,
                "maxProperties": MAX_POINTS,
                "propertyNames": { "pattern": pattern::VOLTS },
                "additionalProperties": self.sentence(Sentence::Percent),
            }),
        }
    }

    /// One sentence, or a list of them.
    fn any(&mut self, sentence: Sentence, most: usize) -> Value {
        let one = self.sentence(sentence);
        json!({ "anyOf": [one, { "type": "array", "minItems": 1, "maxItems": most, "items": one }] })
    }

    /// One price where a value stands under `price`, else bands by name.
    fn prices(&mut self) -> Value {
        let bands = self.table(&keys::BAND);
        self.defs.insert("bands".to_owned(), by_name(bands, MAX_BANDS));
        let value = ["number", "string", "boolean", "null"];
        json!({
            "if": { "properties": { "price": { "type": value } }, "required": ["price"] },
            "then": self.table(&keys::FLAT),
            "else": { "$ref": "#/$defs/bands" },
        })
    }

    /// A mapping by reference, so that it may contain its like.
    fn table(&mut self, table: &'static Table) -> Value {
        let name = table.name.replace(' ', "-");
        if !self.defs.contains_key(&name) {
            self.defs.insert(name.clone(), Value::Null);
            let object = Value::Object(self.object(table));
            self.defs.insert(name.clone(), object);
        }
        reference(&name)
    }

    /// A sentence by reference.
    fn sentence(&mut self, sentence: Sentence) -> Value {
        let (name, schema) = spelling::of(sentence);
        self.defs.entry(name).or_insert(schema);
        reference(name)
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn fields(value: Value) -> Map<String, Value> {
    if let Value::Object(fields) = value { fields } else { Map::new() }
}

/// A mapping from names that the owner chooses.
fn by_name(value: Value, most: usize) -> Value {
    json!({
        "type": "object",
        "maxProperties": most,
        "propertyNames": { "pattern": pattern::NAME },
        "additionalProperties": value,
    })
}

/// One group of keys whole, and none of the other groups.
fn either(groups: &[&[&str]]) -> Value {
    let choice = |group: &&[&str]| {
        let others = groups.iter().filter(|other| *other != group).flat_map(|other| other.iter());
        let absent: Map<String, Value> = others.map(|key| ((*key).to_owned(), json!(false))).collect();
        json!({ "required": group, "properties": absent })
    };
    groups.iter().map(choice).collect()
}

/// What must and must not stand under one driver.
fn of_driver(table: &Table, driver: Driver) -> Value {
    let needed = |key: &&Key| matches!(key.need, Need::Of(drivers) if drivers.contains(&driver));
    let needed: Vec<&str> = table.keys.iter().filter(needed).map(|key| key.name).collect();
    let foreign = table.keys.iter().filter(|key| !key.belongs_to(driver));
    let absent: Map<String, Value> = foreign.map(|key| (key.name.to_owned(), json!(false))).collect();
    json!({
        "if": { "properties": { "driver": { "const": driver.word() } }, "required": ["driver"] },
        "then": { "required": needed, "properties": absent },
    })
}
