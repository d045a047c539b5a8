//! The kinds of device.

/// A kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Driver {
    /// AlphaESS through the AlphaCloud Open API.
    AlphaEss,
    /// ATESS through the Enerclo OpenAPI.
    Atess,
    /// The simulated world in this very process.
    Simulated,
}

impl Driver {
    /// The word in a policy.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Driver::AlphaEss => "alphaess",
            Driver::Atess => "atess",
            Driver::Simulated => "simulated",
        }
    }

    /// The name that people use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Driver::AlphaEss => "AlphaESS",
            Driver::Atess => "ATESS",
            Driver::Simulated => "simulated AlphaESS",
        }
    }
}
