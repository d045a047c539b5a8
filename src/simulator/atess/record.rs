//! Every field of `data-last-small`, written by hand from the vendor's list. What the list does not explain is given a
//! plausible value that agrees with the rest.

use serde_json::{Map, Value};

use super::counters::{Counter, Counters};
use super::fault::{Fault, Faults};
use super::live::Live;
use super::options::{Looks, Shown, SolarFields, Unit};
use crate::simulator::battery::Battery;
use crate::simulator::numbers::Numbers;
use crate::simulator::random::{Chance, Stream};

/// How far the load that is shown is off the balance, in watts either way.
const METER_NOISE: f64 = 50.0;

/// Volts between a phase and neutral.
const PHASE_VOLTS: f64 = 230.0;

/// How the roof's power is split over its three inputs.
const INPUTS: [f64; 3] = [0.5, 0.3, 0.2];

/// The load's power factor.
const POWER_FACTOR: f64 = 0.96;

/// How many cells the battery has in series.
const CELLS: f64 = 160.0;

/// The serial that another plant's values bear.
const OTHER_SERIAL: &str = "ATS999999999999";

/// A number of the record.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Field {
    /// With so many decimals.
    Float(f64, usize),
    Int(i32),
}

/// What a record is made from.
pub(super) struct Record<'a> {
    pub(super) serial: &'a str,
    pub(super) looks: &'a Looks,
    pub(super) battery: &'a Battery,
    pub(super) live: Live,
    pub(super) chance: Chance,
}

type Fields = Vec<(&'static str, Field)>;

impl Record<'_> {
    /// The record as these faults leave it, and the first of them that shaped it.
    pub(super) fn shown(mut self, faults: Faults) -> (Map<String, Value>, Option<Fault>) {
        let other = faults.first(&[Fault::OtherDevice]);
        if other.is_some() {
            self.become_another();
        }
        let shape = faults.first(&[
            Fault::AllNull,
            Fault::Zeros,
            Fault::Mistyped,
            Fault::MissingFields,
            Fault::NullFields,
            Fault::NumericStrings,
        ]);
        let mut names: Vec<(&str, Option<Field>)> = vec![("deviceSn", None), ("time", None)];
        names.extend(self.fields().into_iter().map(|(name, field)| (name, Some(field))));
        names.sort_by_key(|(name, _)| *name);
        let mut record = Map::new();
        for (index, (name, field)) in (0..).zip(names) {
            let value = match field {
                Some(field) => self.value(field, faults, index),
                None => Value::from(self.text(name, faults)),
            };
            if let Some(value) = self.gap(shape, index, value) {
                record.insert(name.to_owned(), value);
            }
        }
        if faults.has(Fault::TimeMissing) {
            record.shift_remove("time");
        }
        let clock = faults.first(&[Fault::TimeMissing, Fault::TimeInFuture]);
        (record, shape.or(other).or(clock))
    }

    /// Someone else's plant: another serial, another charge, and three times the power.
    fn become_another(&mut self) {
        self.serial = OTHER_SERIAL;
        self.live.soc = 100.0 - self.live.soc;
        let flows = &mut self.live.flows;
        for watts in [&mut flows.solar, &mut flows.load, &mut flows.ev, &mut flows.battery, &mut flows.grid] {
            *watts *= 3.0;
        }
    }

    fn text(&self, name: &str, faults: Faults) -> String {
        let ahead = chrono::Duration::hours(if faults.has(Fault::TimeInFuture) { 2 } else { 0 });
        match name {
            "time" => (self.live.time() + ahead).format("%Y-%m-%d %H:%M:%S").to_string(),
            _ => self.serial.to_owned(),
        }
    }

    fn value(&self, field: Field, faults: Faults, index: i64) -> Value {
        let strings = faults.has(Fault::NumericStrings);
        let numbers = if strings { Numbers::Strings } else { self.looks.numbers };
        let field = if faults.has(Fault::Zeros) { field.zero() } else { field };
        if faults.has(Fault::Mistyped) {
            return match index % 4 {
                0 => Value::from("normal"),
                1 => Value::from(vec![1, 2]),
                2 => Value::Object(Map::new()),
                _ => Value::from(true),
            };
        }
        match field {
            Field::Float(number, decimals) => numbers.value(number, decimals),
            Field::Int(number) if numbers == Numbers::Strings => Value::from(number.to_string()),
            Field::Int(number) => Value::from(number),
        }
    }

    /// What is left of a value where fields are missing or null.
    fn gap(&self, shape: Option<Fault>, index: i64, value: Value) -> Option<Value> {
        let minute = self.live.second.div_euclid(60);
        let drawn = || self.chance.unit(Stream::FieldGap, minute * 256 + index) < 0.3;
        match shape {
            Some(Fault::AllNull) => Some(Value::Null),
            Some(Fault::MissingFields) => (!drawn()).then_some(value),
            Some(Fault::NullFields) if drawn() => Some(Value::Null),
            _ => Some(value),
        }
    }

    fn fields(&self) -> Fields {
        let groups = [self.solar(), self.battery_side(), self.cells(), self.grid_side(), self.load_side(), self.rest()];
        groups.into_iter().flatten().chain(self.counted()).collect()
    }

    fn solar(&self) -> Fields {
        let total = self.live.flows.solar;
        let [one, two, three] = INPUTS.map(|share| share * total);
        let (ppv, ppv1) = match self.looks.solar {
            SolarFields::PpvIsFirst => (one, one),
            SolarFields::PpvIsTotal => (total, one),
            SolarFields::Ppv1IsTotal => (one, total),
        };
        let power = |watts: f64| power(watts, self.looks.power);
        let volts = if total > 0.0 { 620.0 } else { 0.0 };
        let amperes = |watts: f64| Field::Float(if volts > 0.0 { watts / volts } else { 0.0 }, 2);
        vec![
            ("ppv", power(ppv)),
            ("ppv1", power(ppv1)),
            ("ppv2", power(two)),
            ("ppv3", power(three)),
            ("vpv", Field::Float(volts, 1)),
            ("vpv2", Field::Float(volts, 1)),
            ("vpv3", Field::Float(volts, 1)),
            ("mvpv", Field::Float(volts, 1)),
            ("ipva", amperes(one)),
            ("ipvb", amperes(two)),
            ("ipvc", amperes(three)),
            ("bipvBuck1", amperes(one)),
            ("bipvBuck2", amperes(two)),
            ("bipvBuck3", amperes(three)),
        ]
    }

    fn battery_side(&self) -> Fields {
        let volts = self.battery_volts();
        let watts = self.live.flows.battery;
        vec![
            ("pac", shown(watts, self.looks.pac)),
            ("vbat", Field::Float(volts, 1)),
            ("inductorCurr", Field::Float(watts.abs() / volts.max(1.0), 1)),
            ("maxChargeCurr", Field::Float(self.battery.charge_watts / volts.max(1.0), 1)),
            ("maxDischargeCurr", Field::Float(self.battery.discharge_watts / volts.max(1.0), 1)),
            ("bmsStatus", Field::Int(if watts < 0.0 { 1 } else { 2 * i32::from(watts > 0.0) })),
            ("bmsVoltStatus", Field::Float(0.0, 0)),
            ("bvbus", Field::Float(750.0, 1)),
            ("bvbusPosi", Field::Float(375.0, 1)),
            ("bvbusNega", Field::Float(375.0, 1)),
        ]
    }

    fn cells(&self) -> Fields {
        let cell = self.battery_volts() / CELLS;
        let warmth = 22.0 + self.live.flows.battery.abs() / 1000.0;
        vec![
            ("maxVolt", Field::Float(cell + 0.004, 3)),
            ("maxVoltCell", Field::Int(7)),
            ("maxVoltGroup", Field::Int(1)),
            ("maxVoltNum", Field::Int(3)),
            ("minVolt", Field::Float(cell - 0.004, 3)),
            ("minVoltCell", Field::Int(12)),
            ("minVoltGroup", Field::Int(1)),
            ("minVoltNum", Field::Int(9)),
            ("maxTemp", Field::Float(warmth + 1.0, 1)),
            ("maxTempGroup", Field::Int(1)),
            ("maxTempNum", Field::Int(5)),
            ("minTemp", Field::Float(warmth - 1.0, 1)),
            ("minTempGroup", Field::Int(1)),
            ("minTempNum", Field::Int(2)),
            ("temp", Field::Float(warmth, 1)),
            ("temp1", Field::Float(warmth + 8.0, 1)),
            ("temp2", Field::Float(warmth + 9.0, 1)),
            ("temp4", Field::Float(warmth + 4.0, 1)),
        ]
    }

    fn grid_side(&self) -> Fields {
        let watts = self.live.flows.grid;
        let inverter = self.live.flows.solar + self.live.flows.battery;
        let amperes = Field::Float(inverter.abs() / 3.0 / PHASE_VOLTS, 2);
        let apparent = watts / POWER_FACTOR;
        let reactive = (apparent.powi(2) - watts.powi(2)).max(0.0).sqrt();
        let unit = Shown { turned: false, ..self.looks.grid };
        let mut fields = vec![
            ("gactivePower", shown(watts, self.looks.grid)),
            ("gapparentPower", shown(apparent.abs(), unit)),
            ("greactivePower", shown(reactive, unit)),
            ("meterPower", shown(watts, self.looks.meter)),
            ("bypassFreq", Field::Float(50.0, 2)),
            ("ipvu", amperes),
            ("ipvv", amperes),
            ("ipvw", amperes),
        ];
        let volts = ["gvpvu", "gvpvv", "gvpvw", "outvu", "outvv", "outvw", "vpvun", "vpvvn", "vpvwn"];
        fields.extend(volts.map(|name| (name, Field::Float(PHASE_VOLTS, 1))));
        fields
    }

    fn load_side(&self) -> Fields {
        let noise = METER_NOISE * (2.0 * self.chance.unit(Stream::MeterNoise, self.live.second) - 1.0);
        let watts = (self.live.flows.load + noise).max(0.0);
        let apparent = watts / POWER_FACTOR;
        let amperes = Field::Float(apparent / 3.0 / PHASE_VOLTS, 2);
        vec![
            ("loadActivePower", power(watts, self.looks.power)),
            ("loadApparentPower", power(apparent, self.looks.power)),
            ("loadReactivePower", power((apparent.powi(2) - watts.powi(2)).max(0.0).sqrt(), self.looks.power)),
            ("loadPf", Field::Float(POWER_FACTOR, 2)),
            ("loadIu", amperes),
            ("loadIv", amperes),
            ("loadIw", amperes),
        ]
    }

    fn rest(&self) -> Fields {
        vec![
            ("checkTime", Field::Float(0.0, 0)),
            ("effectiveness", Field::Float(95.0, 1)),
            ("runModel", Field::Int(1)),
            ("status", Field::Int(1)),
            ("systemNo", Field::Int(1)),
        ]
    }

    fn counted(&self) -> Fields {
        let Live { today, total, .. } = &self.live;
        [self.counted_today(today), self.counted_in_all(total)].into_iter().flatten().collect()
    }

    fn counted_today(&self, today: &Counters) -> Fields {
        let counters = [
            ("echargeToday", "echargeTimeToday", today.charge),
            ("edischargeToday", "edischargeTimeToday", today.discharge),
            ("egridToday", "egridTimeToday", today.import),
            ("etoGridToday", "etoGridTimeToday", today.export),
            ("eloadToday", "eloadTimeToday", today.load),
            ("epvToday", "epvTimeToday", today.solar),
        ];
        self.pairs(counters)
    }

    fn counted_in_all(&self, total: &Counters) -> Fields {
        let counters = [
            ("ebatChargeTotal", "ebatChargeTimeTotal", total.charge),
            ("ebatDischargeTotal", "ebatDischargeTimeTotal", total.discharge),
            ("egridTotal", "egridTimeTotal", total.import),
            ("etoGridTotal", "etoGridTimeTotal", total.export),
            ("eloadTotal", "eloadTimeTotal", total.load),
            ("epvTotal", "epvTimeTotal", total.solar),
        ];
        self.pairs(counters)
    }

    fn pairs(&self, counters: [(&'static str, &'static str, Counter); 6]) -> Fields {
        let decimals = usize::from(self.looks.counter_decimals);
        let pair = |(energy, hours, counter): (_, _, Counter)| {
            [(energy, Field::Float(counter.kwh, decimals)), (hours, Field::Float(counter.hours, 1))]
        };
        counters.into_iter().flat_map(pair).collect()
    }

    fn battery_volts(&self) -> f64 {
        let open = open_volts(&self.looks.volts, self.live.soc);
        open - self.live.flows.battery / open.max(1.0) * self.looks.resistance_ohms
    }
}

impl Field {
    fn zero(self) -> Field {
        match self {
            Field::Float(_, decimals) => Field::Float(0.0, decimals),
            Field::Int(_) => Field::Int(0),
        }
    }
}

/// The voltage at a state of charge, straight between the points of the curve.
fn open_volts(curve: &[(f64, f64)], soc: f64) -> f64 {
    let below = curve.iter().rev().find(|(point, _)| *point <= soc);
    let above = curve.iter().find(|(point, _)| *point > soc);
    match (below, above) {
        (Some((low, from)), Some((high, to))) => from + (to - from) * (soc - low) / (high - low),
        (Some((_, volts)), None) | (None, Some((_, volts))) => *volts,
        (None, None) => 0.0,
    }
}

fn shown(watts: f64, look: Shown) -> Field {
    power(if look.turned { -watts } else { watts }, look.unit)
}

fn power(watts: f64, unit: Unit) -> Field {
    match unit {
        Unit::Watts => Field::Float(watts, 1),
        Unit::Kilowatts => Field::Float(watts / 1000.0, 3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_voltage_follows_the_curve() {
        let curve = Looks::default().volts;
        let check = |soc: f64, expect: f64| assert!((open_volts(&curve, soc) - expect).abs() < 1e-9, "{soc}");
        check(0.0, 448.0);
        check(5.0, 472.0);
        check(50.0, 520.0);
        check(70.0, 528.0);
        check(100.0, 568.0);
        assert_eq!(open_volts(&[], 50.0).to_bits(), 0.0_f64.to_bits());
    }
}
