//! The table of access: what is seen, what is found, and where keys and the mouse lead.

use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use fedwiz::{
    report::words::State,
    tui::{keys::Place, screen::step::StepScreen},
};

use super::{
    film::films,
    scenes::{access_of, scene},
    stage::{Stage, text},
};

fn mouse(stage: &mut Stage, kind: MouseEventKind, (column, row): (u16, u16)) {
    let effects = stage.app.mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    });
    stage.perform(effects);
}

/// Where this text begins on the screen.
fn find(drawn: &str, wanted: &str) -> (u16, u16) {
    let mut lines = drawn.lines().enumerate();
    let found = lines.find_map(|(row, line)| Some((row, line.find(wanted)?, line)));
    let (row, at, line) = found.unwrap_or_else(|| panic!("{wanted:?} is not in\n{drawn}"));
    let column = fedwiz::report::clean::width(&line[..at]);
    (u16::try_from(column).unwrap(), u16::try_from(row).unwrap())
}

/// The rows of the table: their lines with a name of an account.
fn rows(drawn: &str) -> Vec<&str> {
    let below = drawn.lines().skip_while(|line| !line.starts_with(" account"));
    let table = below.skip(1).take_while(|line| !line.starts_with('─'));
    table.filter(|line| line.contains("Account ")).collect()
}

#[test]
fn filtered_by_failed_only_what_failed_is_shown() {
    let mut stage = scene("access")(films());
    stage.key(KeyCode::Char('v'));
    let drawn = text(&stage.buffer(200, 60));
    let view = &stage.app.shared.open.as_ref().unwrap().view;
    let grid = &view.grids()[0];
    let failed: Vec<&str> = grid
        .rows
        .iter()
        .filter(|row| row.tally.of(State::Failed) > 0)
        .map(|row| row.name.as_str())
        .collect();
    assert!(!failed.is_empty() && failed.len() < grid.rows.len(), "{failed:?}");
    let shown = rows(&drawn);
    assert_eq!(shown.len(), failed.len(), "{drawn}");
    for (line, name) in shown.iter().zip(failed) {
        assert!(line.contains(name) && line.contains('✘'), "{line}");
        assert!(!line.contains(['✔', '○', '◔']), "{line}");
    }
    // What is not there yet; then all of it again.
    stage.key(KeyCode::Char('v')).key(KeyCode::Char('v'));
    // The management account has another name.
    assert_eq!(rows(&text(&stage.buffer(200, 60))).len() + 1, grid_rows(&stage));
}

fn grid_rows(stage: &Stage) -> usize {
    stage.app.shared.open.as_ref().unwrap().view.grids()[0].rows.len()
}

#[test]
fn from_the_table_to_the_cell_to_the_step_and_back() {
    let mut stage = scene("access")(films());
    stage.key(KeyCode::Char('n')).key(KeyCode::Enter);
    assert_eq!(stage.app.place(), Place::Cell);
    stage.key(KeyCode::Char('v'));
    let drawn = text(&stage.buffer(120, 40));
    assert!(drawn.contains("RolesPerAccount"), "{drawn}");
    assert!(
        drawn.contains("6d3f8c1a-0c3b-4a5e-9d53-2f8b1b8f2a11"),
        "the request is named\n{drawn}"
    );
    stage.key(KeyCode::Enter);
    assert_eq!(stage.app.place(), Place::Step);
    let open = stage.app.shared.open.as_ref().unwrap();
    let node = open.view.node(open.focus);
    assert_eq!(node.state, State::Failed, "{}", node.label);
    assert_eq!(node.id.step, "aws.assignment");
    let (grid, row, column) = open.view.cell_of(open.focus).unwrap();
    let grid = &open.view.grids()[grid];
    assert!(
        drawn.contains(&grid.rows[row].name) && drawn.contains(&grid.columns[column].name),
        "{drawn}"
    );
    for place in [Place::Cell, Place::Access, Place::Walk] {
        stage.key(KeyCode::Esc);
        assert_eq!(stage.app.place(), place);
    }
    // From a step in the walk the table opens at its cell.
    stage.key(KeyCode::Char('a'));
    assert!(text(&stage.buffer(120, 40)).contains("[✘"));
}

#[test]
fn the_next_in_need_goes_round() {
    let mut stage = scene("access")(films());
    let cell = |stage: &Stage| {
        let drawn = text(&stage.buffer(200, 60));
        let line = drawn.lines().find(|line| line.starts_with(" Cell")).unwrap();
        line.trim().to_owned()
    };
    stage.key(KeyCode::Char('n'));
    let first = cell(&stage);
    let mut seen = vec![first.clone()];
    loop {
        stage.key(KeyCode::Char('n'));
        let next = cell(&stage);
        if next == first {
            break;
        }
        assert!(!seen.contains(&next), "{next} again, and not {first}");
        seen.push(next);
    }
    let view = &stage.app.shared.open.as_ref().unwrap().view;
    assert!(seen.len() > 3 && seen.len() <= view.failures().count());
}

#[test]
fn what_is_found_by_name_comes_into_view() {
    let mut stage = scene("access")(films());
    stage.key(KeyCode::Char('/')).typed("breakgl").key(KeyCode::Enter);
    stage.key(KeyCode::Char('/')).typed("account 013").key(KeyCode::Enter);
    assert_eq!(stage.app.place(), Place::Access);
    let drawn = text(&stage.buffer(80, 24));
    let cell = drawn.lines().find(|line| line.starts_with(" Cell")).unwrap();
    assert!(cell.contains("Account 013 (") && cell.contains("BreakGlass"), "{drawn}");
    assert!(drawn.contains("[✔"), "{drawn}");
}

#[test]
fn one_of_many_is_shown_alone_until_the_way_back() {
    let mut stage = scene("access")(films());
    stage.key(KeyCode::Char('/')).typed("team 03").key(KeyCode::Enter);
    let drawn = text(&stage.buffer(200, 60));
    let head = drawn.lines().next().unwrap();
    assert!(
        head.contains("group:Team 03 alone") && head.contains("10 of 15 accounts"),
        "{head}"
    );
    assert_eq!(rows(&drawn).len(), 10, "accounts 3 to 12\n{drawn}");
    assert!(
        !drawn.contains("BreakGlass") && drawn.contains("PowerUserAccess"),
        "{drawn}"
    );
    assert!(drawn.contains(" of 60"), "ten accounts, six permission sets\n{drawn}");
    // Its cell opens at it, among the others of the cell.
    stage.key(KeyCode::Enter);
    let drawn = text(&stage.buffer(120, 40));
    let chosen = drawn.lines().find(|line| line.starts_with(" ▸")).unwrap();
    assert!(chosen.contains("group:Team 03"), "{drawn}");
    assert!(drawn.contains("group:Team 01"), "{drawn}");
    stage.key(KeyCode::Esc).key(KeyCode::Esc);
    assert_eq!(stage.app.place(), Place::Access);
    assert_eq!(rows(&text(&stage.buffer(200, 60))).len() + 1, grid_rows(&stage));
    stage.key(KeyCode::Esc);
    assert_eq!(stage.app.place(), Place::Walk);
}

#[test]
fn a_filter_leads_to_a_cell_that_it_shows() {
    let mut stage = scene("access")(films());
    stage.key(KeyCode::Home).key(KeyCode::Char('v'));
    let drawn = text(&stage.buffer(80, 24));
    assert!(drawn.contains("[✘") && drawn.contains("─ ✘ failed"), "{drawn}");
    // Beside it may be a cell in which nothing failed: that is said, and nothing empty is opened.
    for key in [KeyCode::Left, KeyCode::Right, KeyCode::Right, KeyCode::Right] {
        stage.key(key);
        if text(&stage.buffer(80, 24)).contains("not shown") {
            break;
        }
    }
    stage.key(KeyCode::Enter);
    assert_eq!(stage.app.place(), Place::Access);
    assert!(text(&stage.buffer(80, 24)).contains("v shows the others"));
}

#[test]
fn each_target_has_its_table_and_the_focus_goes_along() {
    let mut stage = access_of(&films().partitions);
    stage.key(KeyCode::Char('/')).typed("support").key(KeyCode::Enter);
    stage.key(KeyCode::Char('/')).typed("team 02").key(KeyCode::Enter);
    stage.key(KeyCode::End);
    let look = |stage: &Stage| {
        let drawn = text(&stage.buffer(80, 24));
        let head = drawn.lines().next().unwrap().trim().to_owned();
        let cell = drawn.lines().find(|line| line.starts_with(" Cell"));
        (head, cell.map(|line| line.trim().to_owned()))
    };
    let (first, cell) = look(&stage);
    assert!(
        first.contains("commercial (1 of 2, Tab)") && first.contains("Team 02 alone"),
        "{first}"
    );
    stage.key(KeyCode::Tab);
    let (second, other) = look(&stage);
    assert!(
        second.contains("govcloud (2 of 2, Tab)") && second.contains("Team 02 alone"),
        "{second}"
    );
    assert_eq!(cell, other, "the same permission set, by its name");
    stage.key(KeyCode::Tab);
    assert_eq!(look(&stage).0, first);
    stage.key(KeyCode::BackTab);
    assert_eq!(look(&stage).0, second);
}

#[test]
fn the_mouse_chooses_opens_and_scrolls() {
    let mut stage = scene("access")(films());
    let drawn = text(&stage.buffer(200, 60));
    let (column, _) = find(&drawn, "SecurityAudit");
    let (_, row) = find(&drawn, "Account 005");
    let down = MouseEventKind::Down(MouseButton::Left);
    mouse(&mut stage, down, (column + 2, row));
    let drawn = text(&stage.buffer(200, 60));
    let cell = drawn.lines().find(|line| line.starts_with(" Cell")).unwrap();
    assert!(
        cell.contains("Account 005 (") && cell.contains("SecurityAudit"),
        "{cell}"
    );
    mouse(&mut stage, down, (column + 2, row));
    assert_eq!(stage.app.place(), Place::Cell);
    stage.key(KeyCode::Esc);

    stage.buffer(80, 24);
    mouse(&mut stage, MouseEventKind::ScrollDown, (20, 10));
    mouse(&mut stage, MouseEventKind::ScrollRight, (20, 10));
    let drawn = text(&stage.buffer(80, 24));
    let cell = drawn.lines().find(|line| line.starts_with(" Cell")).unwrap();
    assert!(
        cell.contains("Account 008 (") && cell.contains("NetworkOperations"),
        "{drawn}"
    );
}

#[test]
fn a_folded_step_says_how_far_all_of_it_has_come() {
    let mut stage = scene("access")(films());
    stage.key(KeyCode::Esc);
    let open = stage.app.shared.open.as_mut().unwrap();
    let node = open.view.failures().next().unwrap();
    stage.app.show(Box::new(StepScreen::of(node)));
    let drawn = text(&stage.buffer(120, 40));
    assert!(
        drawn.contains("15 of 15 in flight") || drawn.contains("15 of 14 in flight"),
        "{drawn}"
    );
    assert!(drawn.contains("queued") && drawn.contains(" left"), "{drawn}");
}
