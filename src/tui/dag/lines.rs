//! `Lines`: all lines of a picture, kept by row and by column, so that the lines of any window are found without looking
//! at the others.

/// Whose line it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Net {
    /// It comes from this box and leads to all that wait for it.
    From(usize),
    /// Lines of several boxes have met in it, and it leads into this one.
    Into(usize),
}

/// A straight part of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub from: usize,
    pub to: usize,
    pub net: Net,
    /// Whether it goes on in another piece of the same row, before its first cell or after its last.
    pub goes_on: (bool, bool),
}

/// See the module's documentation. No two pieces of a row, or of a column, have a cell in common.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    pub rows: Vec<Vec<Piece>>,
    pub columns: Vec<Vec<Piece>>,
    /// For each row the columns in which a piece of the row and one of the column are connected. Elsewhere they cross.
    pub joints: Vec<Vec<usize>>,
}

impl Lines {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            rows: vec![Vec::new(); height],
            columns: vec![Vec::new(); width],
            joints: vec![Vec::new(); height],
        }
    }

    pub(super) fn level(&mut self, row: usize, piece: Piece) {
        self.rows[row].push(piece);
    }

    pub(super) fn upright(&mut self, column: usize, piece: Piece) {
        self.columns[column].push(piece);
    }

    pub(super) fn joint(&mut self, column: usize, row: usize) {
        self.joints[row].push(column);
    }

    /// Sorts everything, and makes one piece of pieces of a net that touch.
    pub(super) fn finish(&mut self) {
        for list in self.rows.iter_mut().chain(&mut self.columns) {
            list.sort_unstable_by_key(|piece| (piece.from, piece.to));
            let mut merged: Vec<Piece> = Vec::with_capacity(list.len());
            for piece in list.drain(..) {
                match merged.last_mut() {
                    Some(last) if last.net == piece.net && piece.from <= last.to + 1 => {
                        if piece.to >= last.to {
                            last.to = piece.to;
                            last.goes_on.1 = piece.goes_on.1;
                        }
                    }
                    _ => merged.push(piece),
                }
            }
            *list = merged;
        }
        for joints in &mut self.joints {
            joints.sort_unstable();
            joints.dedup();
        }
    }

    /// The pieces of a list that have a cell in a range.
    pub(super) fn within(list: &[Piece], from: usize, to: usize) -> &[Piece] {
        let start = list.partition_point(|piece| piece.to < from);
        let end = start + list[start..].partition_point(|piece| piece.from < to);
        &list[start..end]
    }

    pub(super) fn is_joint(&self, column: usize, row: usize) -> bool {
        self.joints[row].binary_search(&column).is_ok()
    }
}
