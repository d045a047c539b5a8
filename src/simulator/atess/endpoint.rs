//! The endpoints that the vendor's page names, below its base `/api/v1`.

use super::options::Kind;
use crate::simulator::endpoint::Query;

/// An endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Newest,
    Settings(Kind),
    History,
    BcuList,
    BcuSetting,
    Write(Option<Kind>),
}

impl Endpoint {
    const READS: [Endpoint; 6] = [
        Endpoint::Newest,
        Endpoint::Settings(Kind::Small),
        Endpoint::Settings(Kind::Big),
        Endpoint::History,
        Endpoint::BcuList,
        Endpoint::BcuSetting,
    ];

    /// The endpoint of a path for a verb; the HTTP status that refuses it. Settings are put to `write_path`, or to the path
    /// from which they are read.
    pub(super) fn at(path: &str, method: &str, write_path: Option<&str>) -> Result<Endpoint, u16> {
        let read = Endpoint::READS.into_iter().find(|endpoint| endpoint.path() == path);
        match (method, read, write_path) {
            ("PUT", _, Some(write_path)) if write_path == path => Ok(Endpoint::Write(None)),
            ("PUT", Some(Endpoint::Settings(kind)), None) => Ok(Endpoint::Write(Some(kind))),
            ("GET", Some(read), _) => Ok(read),
            (_, Some(_), _) => Err(405),
            (_, None, Some(write_path)) if write_path == path => Err(405),
            (_, None, _) => Err(404),
        }
    }

    /// The path below the base.
    pub(super) fn path(self) -> &'static str {
        match self {
            Endpoint::Newest => "hps/data-last-small",
            Endpoint::Settings(Kind::Small) => "hps/small-setting",
            Endpoint::Settings(Kind::Big) => "hps/big-setting",
            Endpoint::History => "hps/data-list",
            Endpoint::BcuList => "bms/buc-base-info/list",
            Endpoint::BcuSetting => "bms/bcu-setting",
            Endpoint::Write(_) => "write",
        }
    }

    pub(super) fn is_write(self) -> bool {
        matches!(self, Endpoint::Write(_))
    }
}

/// Takes a path apart, with or without a leading slash and the vendor's base `api/v1/`.
pub(super) fn query(path: &str) -> Query {
    let path = path.trim_start_matches('/');
    Query::of(path.strip_prefix("api/v1/").unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_and_a_verb_make_an_endpoint() {
        let check = |method: &str, path: &str, write_path: Option<&str>, expect: Result<Endpoint, u16>| {
            assert_eq!(Endpoint::at(&query(path).endpoint, method, write_path), expect, "{method} {path}");
        };
        check("GET", "/api/v1/hps/data-last-small?deviceSn=A", None, Ok(Endpoint::Newest));
        check("GET", "hps/big-setting", None, Ok(Endpoint::Settings(Kind::Big)));
        check("GET", "/api/v2/hps/big-setting", None, Err(404));
        check("PUT", "hps/small-setting", None, Ok(Endpoint::Write(Some(Kind::Small))));
        check("PUT", "hps/small-setting", Some("hps/set"), Err(405));
        check("PUT", "hps/set", Some("hps/set"), Ok(Endpoint::Write(None)));
        check("POST", "hps/set", Some("hps/set"), Err(405));
        check("PUT", "hps/data-list", None, Err(405));
        check("PUT", "hps/set", None, Err(404));
    }
}
