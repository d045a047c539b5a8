//! What the faults of every vendor's cloud have in common.

use std::marker::PhantomData;

/// The kinds of fault of one cloud.
pub trait FaultKind: Copy + PartialEq + Sized + 'static {
    /// Every kind, at most 64, in the order in which those that exclude each other take effect.
    const ALL: &'static [Self];

    /// Any of them, to begin with.
    const FIRST: Self;

    /// Its place in [`FaultKind::ALL`].
    fn place(self) -> u8;

    /// Its stable name.
    fn name(self) -> &'static str;

    /// The shortest and the longest burst in minutes when faults come by seed; none if it does not come by seed.
    fn burst(self) -> Option<(i64, i64)>;
}

impl FaultKind for super::Fault {
    const ALL: &'static [Self] = super::Fault::ALL;
    const FIRST: Self = super::Fault::BadGateway;

    fn place(self) -> u8 {
        self as u8
    }

    fn name(self) -> &'static str {
        super::Fault::name(self)
    }

    fn burst(self) -> Option<(i64, i64)> {
        super::Fault::burst(self)
    }
}

/// The faults that hold at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FaultSet<F>(u64, PhantomData<F>);

impl<F> Default for FaultSet<F> {
    fn default() -> FaultSet<F> {
        FaultSet(0, PhantomData)
    }
}

impl<F: FaultKind> FaultSet<F> {
    pub(super) fn insert(&mut self, fault: F) {
        self.0 |= FaultSet::bit(fault);
    }

    pub(super) fn remove(&mut self, fault: F) {
        self.0 &= !FaultSet::bit(fault);
    }

    pub(super) fn has(self, fault: F) -> bool {
        self.0 & FaultSet::bit(fault) != 0
    }

    /// The first of these that holds.
    pub(super) fn first(self, of: &[F]) -> Option<F> {
        of.iter().copied().find(|fault| self.has(*fault))
    }

    fn bit(fault: F) -> u64 {
        1 << (fault.place() & 63)
    }
}
