//! The words and marks of every state, in one table each. Colour is only ever a tone on top of these.

use crate::engine::{
    fact::{During, End, Intent},
    signal::What,
    step::{Executor, How, Undone},
};

/// The state of a node, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Nothing has happened yet.
    Open,
    /// It was begun in an earlier run and broken off: a look will tell.
    Begun,
    /// It is being looked at.
    Looking,
    /// It is being made or changed.
    Acting,
    /// It waits for something outside.
    Waiting,
    /// Something went wrong that may pass: it is tried again.
    Retrying,
    /// A person has to act.
    NeedsPerson,
    /// It was seen: there was nothing to make.
    Seen,
    /// It was made.
    Made,
    /// It was changed.
    Changed,
    /// It was there before, and is used.
    Adopted,
    /// A person gave their word; nobody saw it.
    Unproven,
    /// It is being taken back.
    Undoing,
    /// It was removed.
    Removed,
    /// What was there before is there again.
    Restored,
    /// Somebody had removed it already.
    AlreadyGone,
    /// It was taken back, and nobody could look afterwards.
    UndoneUnproven,
    /// It was to be taken back, and stays.
    Kept,
    /// It failed.
    Failed,
    /// It failed in an earlier run, and was not tried again yet.
    FailedEarlier,
    /// Another did not come to an end.
    Blocked,
    /// The operator left it out.
    Skipped,
}

/// The colour family of a state. A theme decides what it looks like; it never means anything alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Not worth a look.
    Quiet,
    /// Going on.
    Busy,
    /// Waiting for somebody else.
    Waiting,
    /// The reader is asked.
    Call,
    /// As intended.
    Good,
    /// As intended, with something to know.
    Note,
    /// Not as intended, and not broken.
    Doubt,
    /// Broken.
    Bad,
}

/// How a state is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// One column wide.
    pub glyph: &'static str,
    /// One ASCII character.
    pub ascii: &'static str,
    /// One to three words.
    pub word: &'static str,
    /// The colour family.
    pub tone: Tone,
}

pub(super) const fn look(glyph: &'static str, ascii: &'static str, word: &'static str, tone: Tone) -> Look {
    Look {
        glyph,
        ascii,
        word,
        tone,
    }
}

/// All states with their looks. The place of a state here is its number.
const STATES: [(State, Look); State::COUNT] = [
    (State::Open, look("○", ".", "to go", Tone::Quiet)),
    (State::Begun, look("◐", "b", "begun", Tone::Doubt)),
    (State::Looking, look("◌", ":", "looking", Tone::Busy)),
    (State::Acting, look("▶", ">", "at work", Tone::Busy)),
    (State::Waiting, look("◔", "w", "waits", Tone::Waiting)),
    (State::Retrying, look("↻", "r", "tries again", Tone::Waiting)),
    (State::NeedsPerson, look("◆", "!", "needs you", Tone::Call)),
    (State::Seen, look("✔", "=", "seen", Tone::Good)),
    (State::Made, look("✔", "+", "made", Tone::Good)),
    (State::Changed, look("✔", "%", "changed", Tone::Good)),
    (State::Adopted, look("✔", "@", "adopted", Tone::Note)),
    (State::Unproven, look("≈", "?", "unproven", Tone::Doubt)),
    (State::Undoing, look("◀", "<", "being taken back", Tone::Busy)),
    (State::Removed, look("−", "-", "removed", Tone::Good)),
    (State::Restored, look("↩", "^", "restored", Tone::Good)),
    (State::AlreadyGone, look("−", "_", "already gone", Tone::Note)),
    (
        State::UndoneUnproven,
        look("∼", "~", "taken back, unproven", Tone::Doubt),
    ),
    (State::Kept, look("●", "#", "stays", Tone::Note)),
    (State::Failed, look("✘", "X", "failed", Tone::Bad)),
    (State::FailedEarlier, look("⊗", "x", "failed earlier", Tone::Doubt)),
    (State::Blocked, look("⊘", "|", "held up", Tone::Doubt)),
    (State::Skipped, look("»", "s", "left out", Tone::Quiet)),
];

impl State {
    /// How many states there are.
    pub const COUNT: usize = 22;

    /// All states, in the order they are counted in.
    pub fn all() -> impl Iterator<Item = Self> {
        STATES.iter().map(|(state, _)| *state)
    }

    /// How it is shown.
    pub fn look(self) -> Look {
        STATES[self.index()].1
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        self.look().word
    }

    /// Its place in tables.
    pub fn index(self) -> usize {
        self as usize
    }

    /// Whether something is going on in it.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Looking | Self::Acting | Self::Retrying | Self::Undoing)
    }

    /// Whether it failed when it was last tried.
    pub fn has_failed(self) -> bool {
        matches!(self, Self::Failed | Self::FailedEarlier)
    }

    /// Whether it stands, proven or not.
    pub fn stands(self) -> bool {
        matches!(
            self,
            Self::Seen | Self::Made | Self::Changed | Self::Adopted | Self::Unproven
        )
    }

    /// Whether it was taken back, proven or not.
    pub fn is_gone(self) -> bool {
        matches!(
            self,
            Self::Removed | Self::Restored | Self::AlreadyGone | Self::UndoneUnproven
        )
    }

    /// Whether the run is through with it, for better or worse.
    pub fn is_settled(self) -> bool {
        self.stands() || self.is_gone() || matches!(self, Self::Kept | Self::Failed | Self::Blocked | Self::Skipped)
    }

    /// What asks for a look before others: trouble, then people, then work, then what is to come, then what is done.
    pub fn urgency(self) -> u8 {
        match self {
            Self::Failed => 9,
            Self::NeedsPerson => 8,
            Self::Retrying => 7,
            Self::Acting | Self::Undoing => 6,
            Self::Looking | Self::Waiting => 5,
            Self::Blocked | Self::Begun | Self::FailedEarlier => 4,
            Self::Open => 3,
            Self::Unproven | Self::UndoneUnproven | Self::Kept | Self::Skipped => 2,
            _ => 1,
        }
    }

    /// The state in which something came to stand.
    pub fn standing(how: How, unproven: bool) -> Self {
        match how {
            _ if unproven => Self::Unproven,
            How::Seen => Self::Seen,
            How::Made => Self::Made,
            How::Changed => Self::Changed,
            How::Adopted => Self::Adopted,
        }
    }

    /// The state after an undo.
    pub fn undone(what: &Undone, unproven: bool) -> Self {
        match what {
            Undone::Kept(_) => Self::Kept,
            Undone::AlreadyGone => Self::AlreadyGone,
            Undone::Removed | Undone::Restored if unproven => Self::UndoneUnproven,
            Undone::Removed => Self::Removed,
            Undone::Restored => Self::Restored,
        }
    }
}

/// Who carries a step out, in one word.
pub fn executor(executor: Executor) -> &'static str {
    match executor {
        Executor::Graph => "graph",
        Executor::Aws => "aws",
        Executor::Scim => "scim",
        Executor::Human => "human",
        Executor::Wait => "wait",
    }
}

/// How something came to stand, in one word.
pub fn how(how: How) -> &'static str {
    State::standing(how, false).word()
}

/// What a run is for.
pub fn intent(intent: Intent) -> &'static str {
    match intent {
        Intent::Up => "set-up",
        Intent::Down => "teardown",
        Intent::Plan => "plan of the set-up",
        Intent::PlanDown => "plan of the teardown",
        Intent::Check => "check",
    }
}

/// How a run ended.
pub fn end(end: End) -> &'static str {
    match end {
        End::Done => "done",
        End::Failed => "failed",
        End::NeedsPerson => "needs a person",
        End::Stopped => "stopped",
        End::Drift => "not as it should be",
    }
}

/// What a step was about when it failed.
pub fn during(during: During) -> &'static str {
    match during {
        During::Look => "while looking",
        During::Apply => "while making it",
        During::Proof => "while looking for the proof",
        During::Undo => "while taking it back",
    }
}

/// How a finding of a plan or a check is shown.
pub fn what(what: What) -> Look {
    match what {
        What::Stands => look("✔", "=", "stands", Tone::Good),
        What::WouldAdopt => look("✔", "@", "adopt", Tone::Note),
        What::WouldMake => look("✚", "+", "make", Tone::Busy),
        What::WouldChange => look("✎", "%", "change", Tone::Busy),
        What::WouldAsk => look("◆", "!", "ask a person", Tone::Call),
        What::WouldWait => look("◔", "w", "wait", Tone::Waiting),
        What::WouldMakeLater => look("✚", "+", "make later", Tone::Busy),
        What::WouldRemove => look("−", "-", "remove", Tone::Busy),
        What::WouldRestore => look("↩", "^", "restore", Tone::Busy),
        What::WouldStay => look("●", "#", "stays", Tone::Note),
        What::Nothing => look("·", ".", "nothing to do", Tone::Quiet),
        What::Missing => look("✘", "X", "missing", Tone::Bad),
        What::Drifted => look("≠", "%", "drifted", Tone::Doubt),
        What::CannotTell => look("?", "?", "cannot tell", Tone::Doubt),
        What::Failed => look("✘", "X", "look failed", Tone::Bad),
    }
}

/// All findings, in the order they are counted in.
pub const FINDINGS: [What; 15] = [
    What::WouldMake,
    What::WouldMakeLater,
    What::WouldChange,
    What::WouldAsk,
    What::WouldWait,
    What::WouldAdopt,
    What::WouldRemove,
    What::WouldRestore,
    What::WouldStay,
    What::Stands,
    What::Nothing,
    What::Missing,
    What::Drifted,
    What::CannotTell,
    What::Failed,
];

/// `1 step`, `2 steps`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A span of time in its two largest units: `820 ms`, `4.2 s`, `4 min 12 s`, `2 h 5 min`, `3 d 4 h`.
pub fn span(millis: u64) -> String {
    let seconds = millis / 1000;
    let two = |large: u64, unit: &str, small: u64, under: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {under}"),
    };
    match seconds {
        0 => format!("{millis} ms"),
        1..10 if !millis.is_multiple_of(1000) => format!("{}.{} s", seconds, millis % 1000 / 100),
        1..60 => format!("{seconds} s"),
        60..3600 => two(seconds / 60, "min", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds / 60 % 60, "min"),
        _ => two(seconds / 86_400, "d", seconds / 3600 % 24, "h"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::report::clean;

    #[test]
    fn the_table_is_in_the_order_of_the_states() {
        for (at, state) in State::all().enumerate() {
            assert_eq!(state.index(), at);
        }
    }

    #[test]
    fn every_state_has_its_own_word_and_marks_of_one_column() {
        let words: HashSet<_> = State::all().map(State::word).collect();
        assert_eq!(words.len(), State::COUNT);
        let looks = State::all().map(State::look).chain(FINDINGS.into_iter().map(what));
        for look in looks {
            assert_eq!(clean::width(look.glyph), 1, "{look:?}");
            assert!(look.ascii.len() == 1 && look.ascii.is_ascii(), "{look:?}");
        }
    }

    #[test]
    fn no_mark_of_what_stands_is_one_of_what_is_gone() {
        for standing in State::all().filter(|state| state.stands()).map(State::look) {
            for gone in State::all().filter(|state| state.is_gone()).map(State::look) {
                assert!(
                    standing.glyph != gone.glyph && standing.ascii != gone.ascii,
                    "{standing:?} and {gone:?}"
                );
            }
        }
    }

    #[test]
    fn every_finding_has_its_own_word() {
        let words: HashSet<_> = FINDINGS.iter().map(|finding| what(*finding).word).collect();
        assert_eq!(words.len(), FINDINGS.len());
    }

    #[test]
    fn states_are_of_one_sort() {
        for state in State::all() {
            let sorts = [state.is_running(), state.stands(), state.is_gone()];
            assert!(sorts.iter().filter(|sort| **sort).count() <= 1, "{state:?}");
        }
    }

    #[test]
    fn spans_are_short() {
        let spans: Vec<_> = [0, 820, 4_200, 5_000, 59_999, 252_000, 240_000, 7_500_000, 273_600_000]
            .into_iter()
            .map(span)
            .collect();
        assert_eq!(
            spans,
            [
                "0 ms",
                "820 ms",
                "4.2 s",
                "5 s",
                "59 s",
                "4 min 12 s",
                "4 min",
                "2 h 5 min",
                "3 d 4 h"
            ]
        );
    }
}
