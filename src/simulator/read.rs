//! What the reading endpoints answer, written by hand from the vendor's table.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::answer::{Envelope, code};
use super::fault::{Fault, Faults};
use super::numbers::Numbers;
use super::random::{Chance, Stream};
use super::store::Which;
use super::system::System;
use super::world::Meters;

/// How far the load that is shown is off the balance, in watts either way.
const METER_NOISE: f64 = 50.0;

/// What `getEssList` says of one system.
pub(super) fn ess_entry(system: &System, faults: Faults) -> Value {
    let battery = system.world.battery();
    let numbers = numbers(system, faults);
    let offline = faults.first(&[Fault::Offline, Fault::OfflineAtNight]).is_some();
    json!({
        "sysSn": system.serial,
        "minv": "SMILE5-INV",
        "mbat": "SMILE-BAT-10.1P",
        "poinv": numbers.value(battery.discharge_watts / 1000.0, 1),
        "popv": numbers.value(system.world.solar_kw(), 1),
        "cobat": numbers.value(battery.capacity_wh / 1000.0, 1),
        "surplusCobat": numbers.value(battery.stored_wh / 1000.0, 1),
        "usCapacity": numbers.value(100.0, 0),
        "emsStatus": if offline { "Offline" } else { "Normal" },
    })
}

/// `getLastPowerData`, and the fault that shaped it.
pub(super) fn last_power(system: &System, chance: Chance, faults: Faults) -> (Envelope, Option<Fault>) {
    let live = &system.live;
    let shape = faults.first(&[Fault::AllNull, Fault::Zeros]);
    let numbers = numbers(system, faults);
    let show = |number: f64, decimals: usize| match shape {
        Some(Fault::AllNull) => Value::Null,
        Some(_) => numbers.value(0.0, decimals),
        None => numbers.value(number, decimals),
    };
    let soc_zero = faults.has(Fault::SocZero);
    let flows = live.flows;
    let noise = METER_NOISE * (2.0 * chance.unit(Stream::MeterNoise, live.second) - 1.0);
    let no_phase = Value::Null;
    let data = json!({
        "ppv": show(flows.solar, 0),
        "ppvDetail": { "ppv1": show(flows.solar, 0), "ppv2": show(0.0, 0), "ppv3": show(0.0, 0), "ppv4": show(0.0, 0),
                       "pmeterDc": show(0.0, 0) },
        "pload": show((flows.load + noise).max(0.0), 0),
        "soc": if soc_zero { show(0.0, 1) } else { show(live.soc, 1) },
        "pgrid": show(flows.grid, 0),
        "pgridDetail": { "pmeterL1": show(flows.grid, 0), "pmeterL2": show(0.0, 0), "pmeterL3": show(0.0, 0) },
        "pbat": show(flows.battery, 0),
        "prealL1": show(flows.battery + flows.solar, 0),
        "prealL2": show(0.0, 0),
        "prealL3": show(0.0, 0),
        "pev": if shape.is_none() && numbers == Numbers::Floats { Numbers::Integers.value(flows.ev, 0) } else { show(flows.ev, 0) },
        "pevDetail": { "ev1Power": no_phase, "ev2Power": no_phase, "ev3Power": no_phase, "ev4Power": no_phase },
    });
    let frozen = [Fault::Frozen, Fault::FrozenUploads].into_iter().find(|fault| faults.has(*fault));
    let shape = shape.or(soc_zero.then_some(Fault::SocZero)).or(frozen);
    (Envelope::data(data.to_string()), shape)
}

/// `getOneDayPowerBySn`
pub(super) fn day_power(system: &System, date: NaiveDate, faults: Faults) -> Envelope {
    let other = faults.has(Fault::NumericStrings).then_some(Numbers::Strings);
    Envelope::data(system.history.of_day(&system.serial, date.to_epoch_days(), other))
}

/// `getOneDateEnergyBySn`
pub(super) fn day_energy(system: &System, date: NaiveDate, faults: Faults) -> Envelope {
    let Some(meters) = system.world.meters_of(date.to_epoch_days()) else {
        return Envelope::bare(code::NO_DATA);
    };
    let numbers = numbers(system, faults);
    let show = |kwh: f64| numbers.value(kwh, 2);
    let data = json!({
        "sysSn": system.serial,
        "theDate": date.to_string(),
        "epv": show(meters.solar),
        "eCharge": show(meters.charge),
        "eDischarge": show(meters.discharge),
        "eGridCharge": show(meters.grid_charge),
        "eInput": show(meters.import),
        "eOutput": show(meters.export),
        "eChargingPile": show(meters.ev),
    });
    Envelope::data(data.to_string())
}

/// `getSumDataForCustomer`; much of it is null, as with the real one.
pub(super) fn sums(system: &System, faults: Faults) -> Envelope {
    let numbers = numbers(system, faults);
    let show = |kwh: f64| numbers.value(kwh, 2);
    let today = system.world.meters_of(system.world.wall().day).unwrap_or_default();
    let total = system.world.meters();
    let data = json!({
        "epvtoday": show(today.solar),
        "epvtotal": show(total.solar),
        "eload": show(today.load),
        "eoutput": show(today.export),
        "einput": show(today.import),
        "echarge": show(today.charge),
        "edischarge": show(today.discharge),
        "eselfConsumption": numbers.value(self_consumption(&total), 2),
        "eselfSufficiency": numbers.value(self_sufficiency(&total), 2),
        "todayIncome": null,
        "totalIncome": null,
        "moneyType": null,
        "treeNum": null,
        "carbonNum": null,
    });
    Envelope::data(data.to_string())
}

/// `getChargeConfigInfo` and `getDisChargeConfigInfo`: the cloud's copy. Flag and times keep their types whatever happens.
pub(super) fn config(system: &System, which: Which, faults: Faults) -> Envelope {
    let half = system.stored.half(which);
    let percent = numbers(system, faults).value(f64::from(half.percent), 0);
    Envelope::data(Value::Object(half.to_fields(which, percent)).to_string())
}

/// `getTimeChargeBySn`: the cloud's copy.
pub(super) fn periodic(system: &System, faults: Faults) -> Envelope {
    Envelope::data(system.periodic.stored.told(&system.serial, numbers(system, faults)).to_string())
}

/// The numbers of a system, or strings under `numeric-strings`.
fn numbers(system: &System, faults: Faults) -> Numbers {
    if faults.has(Fault::NumericStrings) { Numbers::Strings } else { system.numbers }
}

/// The share of the sun's energy that stayed in the house.
fn self_consumption(total: &Meters) -> f64 {
    if total.solar > 0.0 { (1.0 - total.export / total.solar).clamp(0.0, 1.0) } else { 0.0 }
}

/// The share of the load that did not come from the grid.
fn self_sufficiency(total: &Meters) -> f64 {
    if total.load > 0.0 { (1.0 - total.import / total.load).clamp(0.0, 1.0) } else { 0.0 }
}
