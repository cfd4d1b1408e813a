//! What a person sees and does on the screen, as far as more than one test needs it.

use fedwiz::{
    report::words::State,
    tui::keys::{self as table, Action, Place},
};

use super::{Seen, Terminal, keys};

/// What tells the pages apart, whatever they show.
pub mod marks {
    /// The page on what can be done with a federation; its first line is chosen.
    pub const START: &str = "Look around first";
    /// The plan; a teardown's lists say it too.
    pub const PLAN: &str = "nothing has changed yet";
    /// What a federation's teardown asks for.
    pub const TEARDOWN: &str = "to begin:";
    /// The question how to stop.
    pub const STOP: &str = "Stop, and stay here";
    /// The list of federations.
    pub const HOME: &str = "fedwiz connects";
    /// The keys of a page.
    pub const HELP: &str = "▸ Keys";
}

/// How the footer of a place shows a key.
pub fn label(place: Place, action: Action) -> String {
    let key = table::keys(place).find(|key| key.action == action);
    let key = key.unwrap_or_else(|| panic!("{place:?} has no key for {action:?}"));
    format!("{} {}", key.shown, key.word)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_end()
}

/// Who is asked, and where that can be seen.
enum Asked {
    /// The walk says that a step asks.
    InTheWalk,
    /// The guide with this heading is open.
    InTheGuide(String),
}

/// What the person is asked by now. Nothing, too, while an answer is looked at.
fn asked(seen: &Seen) -> Option<Asked> {
    let text = seen.text();
    let needs = State::NeedsPerson.word();
    if text.contains(&label(Place::Guide, Action::Click)) {
        let heading = first_line(&text);
        return heading.ends_with(needs).then(|| Asked::InTheGuide(heading.to_owned()));
    }
    let walk = text.contains(&label(Place::Walk, Action::Quit)) && text.contains(&label(Place::Walk, Action::NeedsYou));
    (walk && seen.title().ends_with(needs)).then_some(Asked::InTheWalk)
}

/// What a person does in the screen, as far as more than one test needs it. The window is wide enough for the footers.
impl Terminal {
    /// From the page on what can be done to the whole plan.
    #[track_caller]
    pub fn show_the_plan(&mut self) {
        self.wait_text(marks::START);
        self.send(keys::ENTER);
        self.wait_plan();
    }

    /// Waits until the plan is whole.
    #[track_caller]
    pub fn wait_plan(&self) {
        self.wait_for("the whole plan", |seen| {
            let text = seen.text();
            text.contains(marks::PLAN) && !text.contains(" looking: ")
        });
    }

    /// From the page on what can be done to a run: shows the plan, and agrees.
    #[track_caller]
    pub fn begin(&mut self) {
        self.show_the_plan();
        self.press_away(keys::ENTER, marks::PLAN);
    }

    /// From the walk to the lists of a teardown.
    #[track_caller]
    pub fn show_the_teardown(&mut self) {
        self.send("u");
        self.wait_for("what goes and what stays", |seen| {
            let text = seen.text();
            text.contains(marks::TEARDOWN) && !text.contains(" looking: ")
        });
    }

    /// Waits until a person is asked.
    #[track_caller]
    pub fn wait_question(&self) {
        self.find("a question", asked);
    }

    /// Goes to the guide of a step that asks, if no guide is open.
    #[track_caller]
    pub fn open_the_guide(&mut self) {
        if let Asked::InTheWalk = self.find("a question", asked) {
            self.press("g", &label(Place::Guide, Action::Click));
        }
    }

    /// Lets the simulated console do one human step.
    #[track_caller]
    pub fn click(&mut self) {
        self.open_the_guide();
        let Asked::InTheGuide(heading) = self.find("a guide that asks", asked) else {
            panic!("no guide is open:\n{}", self.seen().text());
        };
        let count = self.seen().pictures.len();
        self.send(keys::F2);
        self.wait_for("an answer of the simulated console", |seen| {
            // While the console clicks, the guide says so.
            let answered = |text: &str| !text.starts_with(&heading) && !first_line(text).ends_with(" clicks");
            seen.pictures[count..].iter().any(|picture| answered(&picture.text))
        });
    }

    /// Waits until a person is asked or the run has ended, and says whether somebody is asked.
    #[track_caller]
    pub fn wait_question_or_end(&self) -> bool {
        self.find("a question, or the end", |seen| {
            let over = seen.is_over();
            (over || asked(seen).is_some()).then_some(!over)
        })
    }

    /// Lets the simulated console do all human steps, up to the end of the run.
    #[track_caller]
    pub fn click_to_the_end(&mut self) {
        while self.wait_question_or_end() {
            self.click();
        }
    }

    /// Closes what lies over the walk when a run has ended.
    #[track_caller]
    pub fn close_the_end(&mut self) {
        self.wait_for("how the run ended", Seen::is_over);
        self.send(keys::ESC);
        self.wait_for("the walk", |seen| {
            !seen.is_over() && seen.text().contains(&label(Place::Walk, Action::Quit))
        });
    }

    /// Leaves with the key for that, from a page that has it and where nothing runs.
    #[track_caller]
    pub fn leave(&mut self) {
        self.send("q");
        let code = self.end();
        assert_eq!(code, 0, "{}", self.seen().text());
        self.expect_given_back();
    }
}
