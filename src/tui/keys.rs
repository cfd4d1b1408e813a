//! Every key of every screen, in one table: what is dispatched, and what the footer, the help and the list of commands show.

mod table;

use crossterm::event::{
    KeyCode::{self, Char},
    KeyEvent, KeyModifiers,
};

pub use self::table::KEYS;

/// Where the keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// The list of federations.
    Home,
    /// The form of a profile.
    Form,
    /// What would happen.
    Plan,
    /// The walk.
    Walk,
    /// One step.
    Step,
    /// What a person is asked to do.
    Guide,
    /// Where to sign in.
    SignIn,
    /// What a teardown will do.
    Teardown,
    /// A question with a typed or short answer.
    Ask,
    /// The help.
    Help,
    /// The list of commands, or a search.
    Finder,
    /// The list of files to choose from.
    Files,
    /// How the federation is looked after.
    Health,
    /// One entry of a log, one answer, or one person's time line.
    Detail,
    /// Who may use what, as a table.
    Access,
    /// One cell of that table.
    Cell,
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Show the keys.
    Help,
    /// Leave the program, or the screen.
    Quit,
    /// Stop safely; asks once.
    Stop,
    /// Put the program aside.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// The next colours.
    Theme,
    /// Find a command by name.
    Commands,
    /// Go back.
    Back,
    /// Take what is chosen.
    Choose,
    /// One up.
    Up,
    /// One down.
    Down,
    /// One to the left.
    Left,
    /// One to the right.
    Right,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the beginning.
    First,
    /// To the end.
    Last,
    /// The next part of the screen, or the next field.
    NextPart,
    /// The part or field before.
    PartBefore,
    /// Make a new federation.
    New,
    /// Begin or go on.
    Begin,
    /// Take it all back.
    TakeBack,
    /// Go to what needs a person.
    NeedsYou,
    /// Find a step.
    Search,
    /// The next one that failed or needs a person.
    NextInNeed,
    /// Begin no further step; or go on.
    Pause,
    /// Let a step go again.
    Retry,
    /// Leave a step out.
    Skip,
    /// Look now instead of later.
    LookNow,
    /// Take the operator's word.
    MyWord,
    /// Open the page in the browser.
    Open,
    /// Copy what is chosen.
    Copy,
    /// The same call as a command.
    Calls,
    /// Another kind of picture.
    Zoom,
    /// Open or close a fold.
    Fold,
    /// Follow what goes on.
    Follow,
    /// Show only what matters.
    Filter,
    /// Let the simulated console do it.
    Click,
    /// Choose from a list: a file, or an answer.
    List,
    /// Look after the federation.
    Health,
    /// Show who may use what.
    Access,
    /// Restart provisioning.
    Restart,
    /// Provision somebody now.
    OnDemand,
    /// Show what happened to somebody.
    Person,
    /// Write what is shown to a file.
    Export,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// What does it.
    pub action: Action,
    /// The keys, the first one being shown.
    pub codes: &'static [(KeyModifiers, KeyCode)],
    /// The key as shown.
    pub shown: &'static str,
    /// Where it works.
    pub places: &'static [Place],
    /// What it does, in one or two words.
    pub word: &'static str,
    /// What it does, in a sentence.
    pub says: &'static str,
    /// Whether the footer has room for it.
    pub footer: bool,
    /// When the footer shows it. It can be pressed at any time, and says then why it does nothing.
    pub when: When,
}

/// When a key is worth showing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    /// At any time.
    Always,
    /// When nothing is running.
    Idle,
    /// When nothing is running, and something is there to be taken back.
    Ours,
    /// While something is running.
    Running,
    /// When a person is asked.
    Asked,
    /// When the step in focus can go again.
    Again,
    /// When the step in focus waits.
    Waits,
    /// When the step in focus is asked about, in a simulation.
    Simulated,
    /// When the step in focus has made calls.
    Called,
    /// When a table says more than the walk does.
    Many,
    /// When there are tables of several targets.
    Targets,
    /// When a file is asked for.
    File,
}

impl Key {
    /// The key as shown, in ASCII where that is wanted.
    pub fn name(&self, ascii: bool) -> &'static str {
        match self.shown {
            "↑" if ascii => "Up",
            "↓" if ascii => "Down",
            "→" if ascii => "Right",
            "←" if ascii => "Left",
            "← h" if ascii => "Left h",
            shown => shown,
        }
    }

    const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }
}

/// What this key does here.
pub fn action(place: Place, event: &KeyEvent) -> Option<Action> {
    let pressed = match event.code {
        // A terminal may report Shift with what it makes: `?`, `:`, capital letters.
        Char(_) => (event.modifiers - KeyModifiers::SHIFT, event.code),
        _ => (event.modifiers, event.code),
    };
    KEYS.iter()
        .find(|key| key.places.contains(&place) && key.codes.contains(&pressed))
        .map(|key| key.action)
}

/// The keys that work here, in the order of the table.
pub fn keys(place: Place) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.places.contains(&place))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{
        table::{CTRL, EVERYWHERE, TYPING},
        *,
    };

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for place in EVERYWHERE {
            let mut seen = BTreeSet::new();
            for key in keys(*place) {
                for code in key.codes {
                    assert!(seen.insert(format!("{code:?}")), "{code:?} twice in {place:?}");
                }
            }
        }
    }

    #[test]
    fn no_place_is_a_dead_end() {
        for place in EVERYWHERE {
            let out = keys(*place).any(|key| matches!(key.action, Action::Back | Action::Quit));
            assert!(out, "{place:?}");
            assert!(
                keys(*place).any(|key| key.action == Action::Help),
                "{place:?} has no help"
            );
        }
    }

    #[test]
    fn where_text_is_typed_no_letter_is_a_key() {
        for place in TYPING {
            for key in keys(*place) {
                for (modifiers, code) in key.codes {
                    assert!(
                        !matches!(code, Char(_)) || modifiers.contains(CTRL),
                        "{code:?} in {place:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_shifted_character_is_the_character() {
        let event = KeyEvent::new(Char('?'), KeyModifiers::SHIFT);
        assert_eq!(action(Place::Walk, &event), Some(Action::Help));
    }

    #[test]
    fn each_key_has_its_twin_without_the_screen() {
        let page = include_str!("../../docs/screen.md");
        for key in KEYS {
            let begins = format!("| {} |", key.word);
            let line = page.lines().find(|line| line.starts_with(&begins));
            let shown = format!("`{}`", key.shown);
            assert!(
                line.is_some_and(|line| line.contains(&shown)),
                "docs/screen.md does not tell of {} ({})",
                key.shown,
                key.word
            );
        }
        for line in page
            .lines()
            .filter(|line| line.starts_with("| ") && line.contains("` |"))
        {
            let word = line.trim_start_matches("| ").split(" |").next().unwrap_or_default();
            let known = word.starts_with('`') || KEYS.iter().any(|key| key.word == word);
            assert!(known, "docs/screen.md tells of `{word}`, which no key does");
        }
    }
}
