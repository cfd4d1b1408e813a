//! In which of AWS's two lists a target's assignments are read back: whichever costs fewer calls for all that the profile names.
//!
//! A few groups with access to many accounts are read by group; many people with the same access, by account and permission set.
//! What the profile does not name is found in either list, and does not count.

use std::{collections::HashMap, hash::Hash, sync::OnceLock};

use crate::clients::{aws::By, limits};

/// The way for one target, counted when it is first asked for, and the same from then on.
#[derive(Debug, Default)]
pub struct ReadBack(OnceLock<By>);

impl ReadBack {
    /// The way, for these assignments: each as its principal, and its account and permission set.
    pub(super) fn by<P, S, I>(&self, desired: impl FnOnce() -> I) -> By
    where
        P: Eq + Hash,
        S: Eq + Hash,
        I: IntoIterator<Item = (P, S)>,
    {
        *self.0.get_or_init(|| cheaper(desired()))
    }
}

/// The way that costs fewer calls; by principal, where both cost the same.
fn cheaper<P: Eq + Hash, S: Eq + Hash>(desired: impl IntoIterator<Item = (P, S)>) -> By {
    let mut principals = HashMap::<P, usize>::new();
    let mut pairs = HashMap::<S, usize>::new();
    for (principal, pair) in desired {
        *principals.entry(principal).or_default() += 1;
        *pairs.entry(pair).or_default() += 1;
    }
    match calls(pairs.into_values()) < calls(principals.into_values()) {
        true => By::Pair,
        false => By::Principal,
    }
}

/// How many calls it takes to read lists of these lengths, page by page.
fn calls(lengths: impl Iterator<Item = usize>) -> usize {
    lengths
        .map(|length| length.div_ceil(limits::SSO_ADMIN_PAGE.into()).max(1))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many principals, each with so many sets in each of so many accounts.
    fn of(principals: usize, accounts: usize, sets: usize) -> By {
        let pairs = move || (0..accounts).flat_map(move |account| (0..sets).map(move |set| (account, set)));
        cheaper((0..principals).flat_map(|principal| pairs().map(move |pair| (principal, pair))))
    }

    #[test]
    fn the_way_with_fewer_pages_is_taken() {
        assert_eq!(of(10, 100, 2), By::Principal, "20 calls rather than 200");
        assert_eq!(of(2_000, 1, 1), By::Pair, "20 calls rather than 2,000");
        assert_eq!(of(101, 101, 1), By::Principal, "202 either way");
        assert_eq!(of(102, 101, 1), By::Pair, "202 rather than 204");
        assert_eq!(of(3, 1, 2), By::Pair, "2 rather than 3");
    }

    #[test]
    fn where_both_cost_the_same_it_is_by_principal() {
        assert_eq!(of(0, 0, 0), By::Principal);
        assert_eq!(of(1, 1, 1), By::Principal);
        assert_eq!(of(5, 5, 1), By::Principal);
    }
}
