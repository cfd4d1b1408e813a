//! Every key of every screen, in one table: what is dispatched, what the footer and the help show, and what the README lists.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

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
    /// The next one found.
    NextFound,
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
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const CTRL: KeyModifiers = KeyModifiers::CONTROL;

use Action as A;
use KeyCode::{BackTab, Char, Down, End, Enter, Esc, F, Home as HomeKey, Left, PageDown, PageUp, Right, Tab, Up};
use Place as P;

const fn key(
    action: Action,
    codes: &'static [(KeyModifiers, KeyCode)],
    shown: &'static str,
    places: &'static [Place],
    word: &'static str,
    says: &'static str,
    footer: bool,
) -> Key {
    Key {
        action,
        codes,
        shown,
        places,
        word,
        says,
        footer,
        when: When::Always,
    }
}

impl Key {
    /// The key as shown, in ASCII where that is wanted.
    pub fn name(&self, ascii: bool) -> &'static str {
        match self.shown {
            "↑" if ascii => "Up",
            "↓" if ascii => "Down",
            "→" if ascii => "Right",
            "← h" if ascii => "Left h",
            shown => shown,
        }
    }

    const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }
}

/// All places.
const EVERYWHERE: &[Place] = &[
    P::Home,
    P::Form,
    P::Plan,
    P::Walk,
    P::Step,
    P::Guide,
    P::SignIn,
    P::Teardown,
    P::Ask,
    P::Help,
    P::Finder,
];
/// Where letters are not typed into a field.
const NOT_TYPING: &[Place] = &[P::Home, P::Plan, P::Walk, P::Step, P::SignIn, P::Help];
const LISTS: &[Place] = &[
    P::Home,
    P::Plan,
    P::Walk,
    P::Step,
    P::Guide,
    P::Teardown,
    P::Ask,
    P::Help,
    P::Finder,
    P::Form,
];

/// The table. Of two lines with the same key in the same place the first one counts, so there are none.
pub const KEYS: &[Key] = &[
    key(
        A::Choose,
        &[(NONE, Enter)],
        "Enter",
        &[P::Home],
        "choose",
        "Open the federation, or make one.",
        true,
    ),
    key(
        A::Begin,
        &[(NONE, Enter)],
        "Enter",
        &[P::Plan],
        "begin",
        "Agree to the plan and begin.",
        true,
    ),
    key(
        A::Choose,
        &[(NONE, Enter)],
        "Enter",
        &[P::Walk],
        "open step",
        "Show everything about the step in focus.",
        true,
    ),
    key(
        A::Choose,
        &[(NONE, Enter)],
        "Enter",
        &[P::Guide, P::Form],
        "next",
        "Take what is typed and go to the next field; on the last one, send it all.",
        true,
    ),
    key(
        A::Choose,
        &[(NONE, Enter)],
        "Enter",
        &[P::Teardown, P::Ask, P::Finder],
        "confirm",
        "Take what is typed or chosen.",
        true,
    ),
    key(
        A::Begin,
        &[(NONE, Char('b'))],
        "b",
        &[P::Walk],
        "begin",
        "Set up or go on, after showing the plan.",
        true,
    )
    .when(When::Idle),
    key(
        A::NeedsYou,
        &[(NONE, Char('g'))],
        "g",
        &[P::Walk, P::Step],
        "guide",
        "Go to the next step that needs you.",
        true,
    )
    .when(When::Asked),
    key(
        A::Click,
        &[(NONE, F(2))],
        "F2",
        &[P::Guide],
        "simulate",
        "In the demo: let the simulated console do the clicks.",
        true,
    )
    .when(When::Simulated),
    key(
        A::Begin,
        &[(NONE, F(2))],
        "F2",
        &[P::Form],
        "save",
        "Write the profile, and open the federation. Nothing in the clouds changes.",
        true,
    ),
    key(
        A::Open,
        &[(NONE, F(3))],
        "F3",
        &[P::Guide],
        "open page",
        "Open the console's page in the browser.",
        true,
    ),
    key(
        A::Copy,
        &[(NONE, F(4))],
        "F4",
        &[P::Guide],
        "copy",
        "Copy the chosen value.",
        true,
    ),
    key(
        A::MyWord,
        &[(NONE, F(6))],
        "F6",
        &[P::Guide],
        "my word",
        "Say that it is done though no proof can come; it is recorded as unproven.",
        true,
    ),
    key(
        A::Open,
        &[(NONE, Char('o'))],
        "o",
        &[P::Step, P::SignIn],
        "open page",
        "Open the page in the browser.",
        true,
    ),
    key(
        A::Copy,
        &[(NONE, Char('c'))],
        "c",
        &[P::Step, P::SignIn],
        "copy",
        "Copy the chosen call as a command, or the code.",
        true,
    ),
    key(
        A::Calls,
        &[(NONE, Char('x'))],
        "x",
        &[P::Step],
        "calls",
        "Show the last calls as curl, az and aws commands.",
        true,
    )
    .when(When::Called),
    key(
        A::Retry,
        &[(NONE, Char('r'))],
        "r",
        &[P::Walk, P::Step],
        "retry",
        "Let a step that failed or needs a person go again.",
        true,
    )
    .when(When::Again),
    key(
        A::Skip,
        &[(NONE, Char('s'))],
        "s",
        &[P::Walk, P::Step],
        "skip",
        "Leave out a step that nothing insists on.",
        false,
    ),
    key(
        A::LookNow,
        &[(NONE, Char('l'))],
        "l",
        &[P::Walk, P::Step],
        "look now",
        "Look now instead of at the next time.",
        true,
    )
    .when(When::Waits),
    key(
        A::MyWord,
        &[(NONE, Char('w'))],
        "w",
        &[P::Walk, P::Step],
        "my word",
        "Take your word for a proof that does not come; it is recorded as unproven.",
        false,
    ),
    key(
        A::Pause,
        &[(NONE, Char('p'))],
        "p",
        &[P::Walk],
        "pause",
        "Begin no further step; again to go on.",
        true,
    )
    .when(When::Running),
    key(
        A::Search,
        &[(NONE, Char('/'))],
        "/",
        &[P::Walk],
        "find",
        "Find a step by name.",
        true,
    ),
    key(
        A::NextFound,
        &[(NONE, Char('n'))],
        "n",
        &[P::Walk],
        "next found",
        "Go to the next step that was found.",
        false,
    ),
    key(
        A::Fold,
        &[(NONE, Char(' '))],
        "Space",
        &[P::Walk],
        "fold",
        "Open or close a box that stands for many steps.",
        false,
    ),
    key(
        A::Zoom,
        &[(NONE, Char('z'))],
        "z",
        &[P::Walk],
        "zoom",
        "Show the graph as boxes, chips, tree or counts.",
        false,
    ),
    key(
        A::Follow,
        &[(NONE, Char('f'))],
        "f",
        &[P::Walk],
        "follow",
        "Keep the step that is at work in view.",
        false,
    ),
    key(
        A::Filter,
        &[(NONE, Char('v'))],
        "v",
        &[P::Walk, P::Plan],
        "filter",
        "Show only what failed, waits or needs you.",
        false,
    ),
    key(
        A::TakeBack,
        &[(NONE, Char('u'))],
        "u",
        &[P::Walk],
        "take back",
        "Show what a teardown would take back, and ask.",
        true,
    )
    .when(When::Ours),
    key(
        A::New,
        &[(NONE, Char('n'))],
        "n",
        &[P::Home],
        "new",
        "Make a new federation.",
        true,
    ),
    key(A::Up, &[(NONE, Up)], "↑", LISTS, "up", "One up.", false),
    key(A::Up, &[(NONE, Char('k'))], "k", NOT_TYPING, "up", "One up.", false),
    key(A::Down, &[(NONE, Down)], "↓", LISTS, "down", "One down.", false),
    key(
        A::Down,
        &[(NONE, Char('j'))],
        "j",
        NOT_TYPING,
        "down",
        "One down.",
        false,
    ),
    key(
        A::Left,
        &[(NONE, Left), (NONE, Char('h'))],
        "← h",
        &[P::Walk],
        "left",
        "To what the step needs.",
        false,
    ),
    key(
        A::Right,
        &[(NONE, Right)],
        "→",
        &[P::Walk],
        "right",
        "To what needs the step.",
        false,
    ),
    key(
        A::PageUp,
        &[(NONE, PageUp)],
        "PgUp",
        LISTS,
        "page up",
        "A page up.",
        false,
    ),
    key(
        A::PageDown,
        &[(NONE, PageDown)],
        "PgDn",
        LISTS,
        "page down",
        "A page down.",
        false,
    ),
    key(
        A::First,
        &[(NONE, HomeKey)],
        "Home",
        NOT_TYPING,
        "first",
        "To the beginning.",
        false,
    ),
    key(A::Last, &[(NONE, End)], "End", NOT_TYPING, "last", "To the end.", false),
    key(
        A::NextPart,
        &[(NONE, Tab)],
        "Tab",
        &[P::Walk, P::Guide, P::Form, P::Step],
        "next part",
        "The next part of the screen, or the next field.",
        false,
    ),
    key(
        A::PartBefore,
        &[(KeyModifiers::SHIFT, BackTab), (NONE, BackTab)],
        "Shift-Tab",
        &[P::Walk, P::Guide, P::Form, P::Step],
        "part before",
        "The part or field before.",
        false,
    ),
    key(
        A::Back,
        &[(NONE, Esc)],
        "Esc",
        &[
            P::Form,
            P::Plan,
            P::Step,
            P::Guide,
            P::SignIn,
            P::Teardown,
            P::Ask,
            P::Help,
            P::Finder,
        ],
        "back",
        "Go back.",
        true,
    ),
    key(
        A::Back,
        &[(NONE, Esc)],
        "Esc",
        &[P::Walk],
        "home",
        "Back to the list of federations, when nothing is running.",
        false,
    ),
    key(
        A::Commands,
        &[(NONE, Char(':'))],
        ":",
        NOT_TYPING,
        "commands",
        "Find a command by name.",
        false,
    ),
    key(
        A::Theme,
        &[(NONE, Char('t'))],
        "t",
        NOT_TYPING,
        "colours",
        "The next colours: dark, light, high contrast, none.",
        false,
    ),
    key(
        A::Help,
        &[(NONE, Char('?'))],
        "?",
        NOT_TYPING,
        "help",
        "Show the keys of this screen.",
        true,
    ),
    key(
        A::Help,
        &[(NONE, F(1))],
        "F1",
        &[P::Form, P::Guide, P::Teardown, P::Ask, P::Finder],
        "help",
        "Show the keys of this screen.",
        true,
    ),
    key(
        A::Quit,
        &[(NONE, Char('q'))],
        "q",
        NOT_TYPING,
        "quit",
        "Leave; what is running is asked about first.",
        true,
    ),
    key(
        A::Stop,
        &[(CTRL, Char('c'))],
        "Ctrl-C",
        EVERYWHERE,
        "stop",
        "Asks once, then stops safely and says how to continue.",
        false,
    ),
    key(
        A::Suspend,
        &[(CTRL, Char('z'))],
        "Ctrl-Z",
        EVERYWHERE,
        "suspend",
        "Put the program aside; `fg` brings it back.",
        false,
    ),
    key(
        A::Redraw,
        &[(CTRL, Char('l'))],
        "Ctrl-L",
        EVERYWHERE,
        "redraw",
        "Draw everything anew.",
        false,
    ),
];

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

    use super::*;

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
        for place in [Place::Form, Place::Guide, Place::Teardown, Place::Ask, Place::Finder] {
            for key in keys(place) {
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
}
