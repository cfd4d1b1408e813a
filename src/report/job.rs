//! What can be done to a provisioning job, and in which words that is said before and afterwards.

/// Something that a restart makes the job forget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Its name here.
    pub name: &'static str,
    /// Its name in Graph.
    pub graph: &'static str,
    /// What is forgotten, and what comes of it.
    pub forgets: &'static str,
}

/// What a restart may forget.
/// <https://learn.microsoft.com/graph/api/resources/synchronization-synchronizationjobrestartcriteria>
pub const SCOPES: &[Scope] = &[
    Scope {
        name: "watermark",
        graph: "Watermark",
        forgets: "how far it has read: the next cycle goes through everybody in scope anew. It takes from twenty minutes to some hours",
    },
    Scope {
        name: "escrows",
        graph: "Escrows",
        forgets: "what failed so far: all of it is tried again at once, with nothing counted against it",
    },
    Scope {
        name: "quarantine",
        graph: "QuarantineState",
        forgets: "that it is in quarantine: it runs every forty minutes again, and goes back if the cause is still there",
    },
    Scope {
        name: "connector-data",
        graph: "ConnectorDataStore",
        forgets: "who in AWS belongs to whom in Entra: everybody is matched anew by user name. Who was renamed on one side only is made anew",
    },
    Scope {
        name: "full",
        graph: "Full",
        forgets: "all of it: watermark, escrows, quarantine and matching. The next cycle is like the first",
    },
    Scope {
        name: "force-deletes",
        graph: "ForceDeletes",
        forgets: "to hold back deletions: those that the threshold stopped go through in the next cycle",
    },
];

/// A few of them together, for a list to choose from: what for, and which.
pub const RESTARTS: &[(&str, &[&str])] = &[
    (
        "Try again what failed, and leave quarantine",
        &["escrows", "quarantine"],
    ),
    (
        "Go through everybody once more",
        &["watermark", "escrows", "quarantine"],
    ),
    ("Match everybody anew", &["connector-data"]),
    ("Begin from nothing, as in the first cycle", &["full"]),
    ("Let deletions through that were held back", &["force-deletes"]),
];

/// The scope of this name.
pub fn scope(name: &str) -> Option<&'static Scope> {
    SCOPES.iter().find(|scope| scope.name == name)
}

/// What is done to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is started, or goes on.
    Start,
    /// It is paused.
    Pause,
    /// It is restarted, and forgets this.
    Restart(Vec<&'static Scope>),
}

impl Change {
    /// What it comes to, before it is done.
    pub fn consequences(&self) -> Vec<String> {
        match self {
            Self::Start => vec![
                "Provisioning goes on: a cycle begins within some minutes, then one every forty minutes. Who is in scope \
                 arrives in AWS, and who has left is disabled there."
                    .into(),
            ],
            Self::Pause => vec![
                "A cycle that is running comes to its end, and no other begins. Until provisioning is started again nobody \
                 new arrives in AWS, and nobody who leaves is disabled there."
                    .into(),
            ],
            Self::Restart(scopes) => {
                let forgets = scopes.iter().map(|scope| format!("{}: {}.", scope.name, scope.forgets));
                std::iter::once("The provisioning job forgets:".to_owned())
                    .chain(forgets)
                    .collect()
            }
        }
    }

    /// What was done. `on` says whether the job was running before.
    pub fn done(&self, on: bool) -> &'static str {
        match self {
            Self::Start => "Provisioning is started. The next cycle begins within some minutes.",
            Self::Pause => {
                "Provisioning is paused; a cycle that is running comes to its end. Until `fedwiz sync start` nobody new \
                 arrives in AWS, and nobody who leaves is disabled there."
            }
            Self::Restart(_) if on => {
                "Provisioning is restarted. It begins within some minutes; `fedwiz sync` shows how far it is."
            }
            Self::Restart(_) => "Provisioning is restarted. It is paused, and begins with `fedwiz sync start`.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_restart_names_scopes_that_there_are_and_says_what_they_forget() {
        for (_, names) in RESTARTS {
            let scopes: Vec<_> = names.iter().filter_map(|name| scope(name)).collect();
            assert_eq!(scopes.len(), names.len());
            let said = Change::Restart(scopes).consequences();
            assert_eq!(said.len(), names.len() + 1, "{said:?}");
        }
    }
}
