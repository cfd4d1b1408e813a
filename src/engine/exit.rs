//! `Exit`: what the program's exit code says. The numbers stand here and nowhere else.

use super::fact::End;
use crate::fault::Kind;

/// What the exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is as intended.
    Done,
    /// A step failed.
    Failed,
    /// The command line or the profile cannot be used.
    Usage,
    /// A person is needed.
    NeedsPerson,
    /// Drift or findings.
    Findings,
    /// The journal is locked or cannot be read.
    Journal,
    /// The operator stopped the run.
    Stopped,
}

impl Exit {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::NeedsPerson,
        Self::Findings,
        Self::Journal,
        Self::Stopped,
    ];

    /// The number the program ends with.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NeedsPerson => 3,
            Self::Findings => 4,
            Self::Journal => 5,
            Self::Stopped => 130,
        }
    }

    /// What the number means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "all is as intended",
            Self::Failed => "a step failed",
            Self::Usage => "the command line or the profile cannot be used",
            Self::NeedsPerson => "a person is needed",
            Self::Findings => "something is not as it should be",
            Self::Journal => "the journal is locked or cannot be read",
            Self::Stopped => "stopped; it can be continued",
        }
    }

    /// For a run that came to an end.
    pub fn of_end(end: End) -> Self {
        match end {
            End::Done => Self::Done,
            End::Failed => Self::Failed,
            End::NeedsPerson => Self::NeedsPerson,
            End::Stopped => Self::Stopped,
            End::Drift => Self::Findings,
        }
    }

    /// For a fault that ended the command.
    pub fn of_fault(kind: Kind) -> Self {
        match kind {
            Kind::Usage | Kind::Secrets => Self::Usage,
            Kind::NeedsPerson => Self::NeedsPerson,
            Kind::Journal => Self::Journal,
            Kind::Stopped => Self::Stopped,
            Kind::Rights
            | Kind::SignIn
            | Kind::NotFound
            | Kind::Conflict
            | Kind::Throttled
            | Kind::Unavailable
            | Kind::Answer
            | Kind::Refused
            | Kind::TimedOut
            | Kind::File
            | Kind::Internal => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_the_manual() {
        assert_eq!(Exit::ALL.map(Exit::code), [0, 1, 2, 3, 4, 5, 130]);
        assert_eq!(Exit::of_fault(Kind::Journal), Exit::Journal);
        assert_eq!(Exit::of_fault(Kind::Secrets), Exit::Usage);
        assert_eq!(Exit::of_fault(Kind::Throttled), Exit::Failed);
        assert_eq!(Exit::of_end(End::Drift).code(), 4);
    }
}
