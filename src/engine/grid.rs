//! `Grid`: how the items of a step stand in a table, for whoever shows many of them.

/// The table that a step's items make: rows, columns, and in each cell those items that have both in common.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    /// Its heading.
    pub title: &'static str,
    /// What stands in a row, in one word or two: "account".
    pub row: &'static str,
    /// What stands in a column: "permission set".
    pub column: &'static str,
    /// What several of one cell differ in: "user or group".
    pub entry: &'static str,
    /// Reads an item's key. None for a key that has no place in the table.
    pub read: fn(&str) -> Option<Spot<'_>>,
}

/// The place of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot<'k> {
    /// Its row.
    pub row: &'k str,
    /// Its column.
    pub column: &'k str,
    /// What it is called in its cell.
    pub entry: &'k str,
}
