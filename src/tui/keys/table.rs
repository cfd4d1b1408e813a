//! The table of keys, a line each.

use crossterm::event::{
    KeyCode::{self, BackTab, Char, Down, End, Enter, Esc, F, Home as HomeKey, Left, PageDown, PageUp, Right, Tab, Up},
    KeyModifiers,
};

use super::{Action as A, Key, Place as P, When};

const NONE: KeyModifiers = KeyModifiers::NONE;
pub(super) const CTRL: KeyModifiers = KeyModifiers::CONTROL;
const SHIFT: KeyModifiers = KeyModifiers::SHIFT;

/// All places.
#[rustfmt::skip]
pub(super) const EVERYWHERE: &[P] = &[
    P::Home, P::Form, P::Plan, P::Walk, P::Step, P::Guide, P::SignIn, P::Teardown, P::Ask, P::Help, P::Finder,
    P::Files, P::Health, P::Detail, P::Access, P::Cell,
];
/// Where letters are not typed into a field.
const NOT_TYPING: &[P] = &[
    P::Home,
    P::Plan,
    P::Walk,
    P::Step,
    P::SignIn,
    P::Help,
    P::Health,
    P::Detail,
    P::Access,
    P::Cell,
];
/// Where they move in a list or a picture.
#[rustfmt::skip]
const MOVING: &[P] = &[
    P::Home, P::Plan, P::Walk, P::Step, P::Help, P::Health, P::Detail, P::Access, P::Cell,
];
/// Where letters are.
pub(super) const TYPING: &[P] = &[P::Form, P::Guide, P::Teardown, P::Ask, P::Finder, P::Files];
#[rustfmt::skip]
const LISTS: &[P] = &[
    P::Home, P::Plan, P::Walk, P::Step, P::Guide, P::Teardown, P::Ask, P::Help, P::Finder, P::Files,
    P::Form, P::Health, P::Detail, P::Access, P::Cell,
];
/// Where one goes back to what was there before.
#[rustfmt::skip]
const INSIDE: &[P] = &[
    P::Form, P::Plan, P::Step, P::Guide, P::SignIn, P::Teardown, P::Ask, P::Help, P::Finder, P::Files,
    P::Health, P::Detail, P::Access, P::Cell,
];
const PARTS: &[P] = &[P::Walk, P::Guide, P::Form, P::Step, P::Health];

/// The table. Of two lines with the same key in the same place the first one counts, so there are none.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    key(A::Choose, &[(NONE, Enter)], "Enter", &[P::Home], "choose", "Open the federation, or make one.", true),
    key(A::Begin, &[(NONE, Enter)], "Enter", &[P::Plan], "begin", "Agree to the plan and begin.", true),
    key(A::Choose, &[(NONE, Enter)], "Enter", &[P::Walk], "open step", "Show everything about the step in focus.", true),
    key(A::Access, &[(NONE, Char('a'))], "a", &[P::Walk], "access", "See who may use what: accounts by permission sets, each cell with its state.", true).when(When::Many),
    key(A::Choose, &[(NONE, Enter)], "Enter", &[P::Guide, P::Form], "next", "Take what is typed and go to the next field; on the last one, send it all.", true),
    key(A::Choose, &[(NONE, Enter)], "Enter", &[P::Teardown, P::Ask, P::Finder], "confirm", "Take what is typed or chosen.", true),
    key(A::Begin, &[(NONE, Char('b'))], "b", &[P::Walk], "begin", "Set up or go on, after showing the plan.", true).when(When::Idle),
    key(A::NeedsYou, &[(NONE, Char('g'))], "g", &[P::Walk, P::Step], "guide", "Go to the next step that needs you.", true).when(When::Asked),
    key(A::Click, &[(NONE, F(2))], "F2", &[P::Guide], "simulate", "In the demo: let the simulated console do the clicks.", true).when(When::Simulated),
    key(A::Begin, &[(NONE, F(2))], "F2", &[P::Form], "save", "Write the profile, and open the federation. Nothing in the clouds changes.", true),
    key(A::Open, &[(NONE, F(3))], "F3", &[P::Guide], "open page", "Open the console's page in the browser.", true),
    key(A::Copy, &[(NONE, F(4))], "F4", &[P::Guide], "copy", "Copy the chosen value.", true),
    key(A::List, &[(NONE, F(5))], "F5", &[P::Form], "list", "Choose from a list, looked up where it is kept: in the tenant, in AWS, or on this machine.", true),
    key(A::List, &[(NONE, F(5))], "F5", &[P::Guide], "choose file", "Choose the file that is asked for from the folders of this machine.", true).when(When::File),
    key(A::Choose, &[(NONE, Enter)], "Enter", &[P::Files], "choose", "Take the file, or go into the folder.", true),
    key(A::Left, &[(NONE, Left)], "←", &[P::Files], "folder above", "To the folder above; so does Backspace where nothing is typed.", true),
    key(A::MyWord, &[(NONE, F(6))], "F6", &[P::Guide], "my word", "Say that it is done though no proof can come; it is recorded as unproven.", true),
    key(A::Open, &[(NONE, Char('o'))], "o", &[P::Step, P::SignIn], "open page", "Open the page in the browser.", true),
    key(A::Copy, &[(NONE, Char('c'))], "c", &[P::Step, P::SignIn], "copy", "Copy the chosen call as a command, or the code.", true),
    key(A::Calls, &[(NONE, Char('x'))], "x", &[P::Step], "calls", "Show the last calls as curl, az and aws commands.", true).when(When::Called),
    key(A::Retry, &[(NONE, Char('r'))], "r", &[P::Walk, P::Step], "retry", "Let a step that failed or needs a person go again.", true).when(When::Again),
    key(A::Skip, &[(NONE, Char('s'))], "s", &[P::Walk, P::Step], "skip", "Leave out a step that nothing insists on.", false),
    key(A::LookNow, &[(NONE, Char('l'))], "l", &[P::Walk, P::Step], "look now", "Look now instead of at the next time.", true).when(When::Waits),
    key(A::MyWord, &[(NONE, Char('w'))], "w", &[P::Walk, P::Step], "my word", "Take your word for a proof that does not come; it is recorded as unproven.", false),
    key(A::Pause, &[(NONE, Char('p'))], "p", &[P::Walk], "pause", "Begin no further step; again to go on.", true).when(When::Running),
    key(A::Search, &[(NONE, Char('/'))], "/", &[P::Walk], "find", "Find a step by name.", true),
    key(A::NextInNeed, &[(NONE, Char('n'))], "n", &[P::Walk], "next in need", "Go to the next step that failed or needs you.", false),
    key(A::Fold, &[(NONE, Char(' '))], "Space", &[P::Walk], "fold", "Open or close a box that stands for many steps.", false),
    key(A::Zoom, &[(NONE, Char('z'))], "z", &[P::Walk], "zoom", "Show the graph as boxes, chips, tree or counts.", false),
    key(A::Follow, &[(NONE, Char('f'))], "f", &[P::Walk], "follow", "Keep the step that is at work in view.", false),
    key(A::Filter, &[(NONE, Char('v'))], "v", &[P::Walk, P::Plan], "filter", "Show only what failed, waits or needs you.", false),
    key(A::TakeBack, &[(NONE, Char('u'))], "u", &[P::Walk], "take back", "Show what a teardown would take back, and ask.", true).when(When::Ours),
    key(A::New, &[(NONE, Char('n'))], "n", &[P::Home], "new", "Make a new federation.", true),
    key(A::Health, &[(NONE, Char('m'))], "m", &[P::Walk, P::Home], "health", "See how it is looked after: provisioning, token, certificates and people, live.", true),
    key(A::Choose, &[(NONE, Enter)], "Enter", &[P::Access], "open cell", "Show who has the permission set in the account, each with state and reason.", true),
    key(A::Choose, &[(NONE, Enter)], "Enter", &[P::Cell], "open step", "Show everything about the chosen assignment.", true),
    key(A::Filter, &[(NONE, Char('v'))], "v", &[P::Access, P::Cell], "filter", "Show all, only what failed, or only what is not there yet.", true),
    key(A::Search, &[(NONE, Char('/'))], "/", &[P::Access], "find", "Find an account or a permission set by name; a user or a group by name, to see them alone.", true),
    key(A::NextInNeed, &[(NONE, Char('n'))], "n", &[P::Access], "next in need", "Go to the next cell in which something failed or needs you.", true),
    key(A::NextPart, &[(NONE, Tab)], "Tab", &[P::Access], "next target", "The table of the next AWS target.", true).when(When::Targets),
    key(A::PartBefore, &[(SHIFT, BackTab), (NONE, BackTab)], "Shift-Tab", &[P::Access], "target before", "The table of the AWS target before.", false),
    key(A::Left, &[(NONE, Left), (NONE, Char('h'))], "← h", &[P::Access], "left", "One column to the left.", false),
    key(A::Right, &[(NONE, Right)], "→", &[P::Access], "right", "One column to the right.", false),
    key(A::Choose, &[(NONE, Enter)], "Enter", &[P::Health], "open entry", "Show the chosen entry of the log: its steps, its cause, and what mends it.", true),
    key(A::Pause, &[(NONE, Char('p'))], "p", &[P::Health], "pause or start", "Pause provisioning, or start it; asks first.", true),
    key(A::Restart, &[(NONE, Char('r'))], "r", &[P::Health], "restart", "Restart provisioning: says what each way forgets, and asks first.", true),
    key(A::OnDemand, &[(NONE, Char('o'))], "o", &[P::Health, P::Detail], "on demand", "Provision a person or a group now, and show each step.", true),
    key(A::Person, &[(NONE, Char('i'))], "i", &[P::Health, P::Detail], "person", "Show what happened to one person across Entra, SCIM and AWS.", true),
    key(A::Filter, &[(NONE, Char('v'))], "v", &[P::Health], "filter", "Show the whole provisioning log, or only what fails now.", false),
    key(A::Search, &[(NONE, Char('/'))], "/", &[P::Health], "find", "Show only entries that have these words.", false),
    key(A::Follow, &[(NONE, Char('f'))], "f", &[P::Health], "follow", "Let the log go on at its end, or hold it.", false),
    key(A::Export, &[(NONE, Char('e'))], "e", &[P::Health], "export", "Write the entries that are shown to a new file.", false),
    key(A::Copy, &[(NONE, Char('c'))], "c", &[P::Health, P::Detail], "copy", "Copy what mends it.", false),
    key(A::LookNow, &[(NONE, Char('l'))], "l", &[P::Health], "look now", "Look now instead of at the next time.", false),
    key(A::Right, &[(NONE, Right)], "→", &[P::Health], "next target", "The next AWS target.", false),
    key(A::Up, &[(NONE, Up)], "↑", LISTS, "up", "One up.", false),
    key(A::Up, &[(NONE, Char('k'))], "k", MOVING, "up", "One up.", false),
    key(A::Down, &[(NONE, Down)], "↓", LISTS, "down", "One down.", false),
    key(A::Down, &[(NONE, Char('j'))], "j", MOVING, "down", "One down.", false),
    key(A::Left, &[(NONE, Left), (NONE, Char('h'))], "← h", &[P::Walk], "left", "To what the step needs.", false),
    key(A::Right, &[(NONE, Right)], "→", &[P::Walk], "right", "To what needs the step.", false),
    key(A::PageUp, &[(NONE, PageUp)], "PgUp", LISTS, "page up", "A page up.", false),
    key(A::PageDown, &[(NONE, PageDown)], "PgDn", LISTS, "page down", "A page down.", false),
    key(A::First, &[(NONE, HomeKey)], "Home", MOVING, "first", "To the beginning.", false),
    key(A::Last, &[(NONE, End)], "End", MOVING, "last", "To the end.", false),
    key(A::NextPart, &[(NONE, Tab)], "Tab", PARTS, "next part", "The next part of the screen, or the next field.", false),
    key(A::PartBefore, &[(SHIFT, BackTab), (NONE, BackTab)], "Shift-Tab", PARTS, "part before", "The part or field before.", false),
    key(A::Back, &[(NONE, Esc)], "Esc", INSIDE, "back", "Go back.", true),
    key(A::Back, &[(NONE, Esc)], "Esc", &[P::Walk], "home", "Back to the list of federations, when nothing is running.", false),
    key(A::Commands, &[(NONE, Char(':'))], ":", NOT_TYPING, "commands", "Find a command by name.", false),
    key(A::Theme, &[(NONE, Char('t'))], "t", NOT_TYPING, "colours", "The next colours: dark, light, high contrast, none.", false),
    key(A::Help, &[(NONE, Char('?')), (NONE, F(1))], "?", NOT_TYPING, "help", "Show the keys of this screen.", true),
    key(A::Help, &[(NONE, F(1))], "F1", TYPING, "help", "Show the keys of this screen.", true),
    key(A::Quit, &[(NONE, Char('q'))], "q", NOT_TYPING, "quit", "Leave; what is running is asked about first.", true),
    key(A::Stop, &[(CTRL, Char('c'))], "Ctrl-C", EVERYWHERE, "stop", "Asks once, then stops safely and says how to continue.", false),
    key(A::Suspend, &[(CTRL, Char('z'))], "Ctrl-Z", EVERYWHERE, "suspend", "Put the program aside; `fg` brings it back.", false),
    key(A::Redraw, &[(CTRL, Char('l'))], "Ctrl-L", EVERYWHERE, "redraw", "Draw everything anew.", false),
];

const fn key(
    action: A,
    codes: &'static [(KeyModifiers, KeyCode)],
    shown: &'static str,
    places: &'static [P],
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
