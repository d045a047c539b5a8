//! The vendor's endpoints by their working names.

use super::periodic::PeriodicStore;

/// An endpoint. The names of the vendor's own snippets (`getInChargeConfigInfo` and its like) do not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    EssList,
    LastPower,
    DayPower,
    DayEnergy,
    Sums,
    Charge,
    Discharge,
    UpdateCharge,
    UpdateDischarge,
    Periodic,
    UpdatePeriodic,
}

/// A path taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) endpoint: String,
    query: String,
}

impl Endpoint {
    const ALL: [Endpoint; 11] = [
        Endpoint::EssList,
        Endpoint::LastPower,
        Endpoint::DayPower,
        Endpoint::DayEnergy,
        Endpoint::Sums,
        Endpoint::Charge,
        Endpoint::Discharge,
        Endpoint::UpdateCharge,
        Endpoint::UpdateDischarge,
        Endpoint::Periodic,
        Endpoint::UpdatePeriodic,
    ];

    pub(super) fn named(name: &str) -> Option<Endpoint> {
        Endpoint::ALL.into_iter().find(|endpoint| endpoint.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Endpoint::EssList => "getEssList",
            Endpoint::LastPower => "getLastPowerData",
            Endpoint::DayPower => "getOneDayPowerBySn",
            Endpoint::DayEnergy => "getOneDateEnergyBySn",
            Endpoint::Sums => "getSumDataForCustomer",
            Endpoint::Charge => "getChargeConfigInfo",
            Endpoint::Discharge => "getDisChargeConfigInfo",
            Endpoint::UpdateCharge => "updateChargeConfigInfo",
            Endpoint::UpdateDischarge => "updateDisChargeConfigInfo",
            Endpoint::Periodic => "getTimeChargeBySn",
            Endpoint::UpdatePeriodic => "setTimeChargeBySn",
        }
    }

    pub(super) fn method(self) -> &'static str {
        match self {
            Endpoint::UpdateCharge | Endpoint::UpdateDischarge | Endpoint::UpdatePeriodic => "POST",
            _ => "GET",
        }
    }

    /// Whether it writes one of the stores.
    pub(super) fn is_update(self) -> bool {
        self.method() == "POST"
    }

    /// Whether it is of the periodic store.
    pub(super) fn is_periodic(self) -> bool {
        matches!(self, Endpoint::Periodic | Endpoint::UpdatePeriodic)
    }

    /// Whether it is open to the account of a system; what is of neither store always is.
    pub(super) fn is_open(self, store: &PeriodicStore) -> bool {
        match self {
            Endpoint::Periodic => store.readable,
            Endpoint::UpdatePeriodic => store.writable,
            Endpoint::Charge | Endpoint::Discharge | Endpoint::UpdateCharge | Endpoint::UpdateDischarge => {
                !store.two_windows_closed
            }
            _ => true,
        }
    }

    /// Whether it tells power or energy.
    pub(super) fn is_data(self) -> bool {
        matches!(self, Endpoint::LastPower | Endpoint::DayPower | Endpoint::DayEnergy | Endpoint::Sums)
    }
}

impl Query {
    /// Takes a path apart, with or without a leading slash and the vendor's base `api/`.
    pub(super) fn of(path: &str) -> Query {
        let path = path.trim_start_matches('/');
        let path = path.strip_prefix("api/").unwrap_or(path);
        let (endpoint, query) = path.split_once('?').unwrap_or((path, ""));
        Query { endpoint: endpoint.to_owned(), query: query.to_owned() }
    }

    /// A parameter, decoded.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| decoded(value))
    }

    /// As the log shows it.
    pub(super) fn shown(&self) -> String {
        if self.query.is_empty() { self.endpoint.clone() } else { format!("{}?{}", self.endpoint, self.query) }
    }
}

/// Percent-decoding; what is not valid stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        match (byte, digit(ahead.next()), digit(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                rest = ahead;
            }
            (b'+', _, _) => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart_whatever_their_base() {
        for path in
            ["/api/getX?sysSn=A%2B1&d=2026-11-20", "api/getX?d=2026-11-20&sysSn=A%2b1", "getX?sysSn=A%2B1&d=2026-11-20"]
        {
            let query = Query::of(path);
            assert_eq!(query.endpoint, "getX");
            assert_eq!(query.value("sysSn").as_deref(), Some("A+1"));
            assert_eq!(query.value("d").as_deref(), Some("2026-11-20"));
            assert_eq!(query.value("x"), None);
        }
        assert_eq!(decoded("a%zz%4"), "a%zz%4");
    }
}
