//! The screen: what is drawn, at which size, in which state.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    map::{Map, Stop},
    sample::{self, PHASES, Story, draw, stop, tutorial, under_way, weigh},
    *,
};
use crate::{
    engine::{fact::Intent, step::How},
    report::clean::width,
    tui::theme::Palette,
};

const SIZES: [(u16, u16); 4] = [(80, 24), (100, 30), (120, 40), (200, 60)];

fn at(focus: usize) -> Look {
    Look {
        focus: Some(focus),
        ..Look::default()
    }
}

fn number(map: &Map, name: &str) -> usize {
    let found = map.stops.iter().position(|stop| stop.id.to_string().starts_with(name));
    found.unwrap_or_else(|| panic!("there is no {name}"))
}

/// Two thousand assignments of five permission sets, and what comes before and after them.
fn large() -> Map {
    let mut stops: Vec<Stop> = vec![stop(0, "aws.session", "", 1)];
    let (mut bundles, mut needs) = (vec![vec![0]], vec![Vec::new()]);
    for set in 0..5 {
        stops.push(stop(0, "aws.permission-set", &format!("Set{set}"), 1));
        needs.push(vec![0]);
        bundles.push(vec![set + 1]);
    }
    for item in 0..2000 {
        stops.push(stop(1, "aws.assignment", &format!("user{item}"), 1));
        needs.push(vec![1 + item % 5]);
    }
    bundles.push((6..2006).collect());
    for last in ["aws.check", "aws.report"] {
        stops.push(stop(1, last, "", 1));
        needs.push(vec![6]);
    }
    weigh(&mut stops, &bundles, &needs);
    Map::new(vec!["Prepare".into(), "Assign".into()], stops, bundles, needs)
}

#[test]
fn the_tutorial_reads_well_at_every_size() {
    let map = tutorial();
    let view = under_way(&map);
    for size in SIZES {
        let mut dag = Dag::new(map.clone());
        let text = draw(
            &mut dag,
            &view,
            size,
            None,
            &at(number(&map, "saml.identity-source")),
            false,
        );
        insta::assert_snapshot!(format!("tutorial-{}x{}", size.0, size.1), text);
    }
}

#[test]
fn the_tutorial_fits_into_120_by_40() {
    let map = tutorial();
    let mut dag = Dag::new(map.clone());
    let text = draw(&mut dag, &under_way(&map), (120, 40), None, &Look::default(), false);
    assert_eq!(dag.mode(), Some(Mode::Chips));
    assert!(dag.size().0 <= 103 && dag.size().1 <= 40, "{text}");
    assert!(!text.contains(['↓', '→']), "{text}");
}

#[test]
fn each_mode_can_be_asked_for() {
    let map = tutorial();
    let view = under_way(&map);
    for mode in Mode::ALL {
        let mut dag = Dag::new(map.clone());
        let text = draw(
            &mut dag,
            &view,
            (100, 30),
            Some(mode),
            &at(number(&map, "scim.token")),
            false,
        );
        assert_eq!(dag.mode(), Some(mode));
        insta::assert_snapshot!(format!("mode-{}", mode.name()), text);
    }
}

#[test]
fn a_narrow_terminal_has_a_tree_and_a_tiny_one_has_counts() {
    let map = tutorial();
    let view = under_way(&map);
    let mut dag = Dag::new(map.clone());
    dag.arrange(Rect::new(0, 0, 40, 12), None);
    let focus = number(&map, "saml.identity-source");
    let look = Look {
        focus: Some(focus),
        offset: dag.reveal(Rect::new(0, 0, 40, 12), focus, (0, 0)),
    };
    let tree = draw(&mut dag, &view, (40, 12), None, &look, false);
    assert_eq!(dag.mode(), Some(Mode::Tree));
    assert!(tree.contains("▸"), "{tree}");
    insta::assert_snapshot!("tree-40x12", tree);
    let counts = draw(&mut dag, &view, (40, 5), None, &look, false);
    assert_eq!(dag.mode(), Some(Mode::Counts));
    insta::assert_snapshot!("counts-40x5", counts);
}

#[test]
fn the_way_back_is_read_against_the_arrows() {
    let map = tutorial();
    let mut story = Story::of(&map, &PHASES, Intent::Up);
    for stop in &map.stops {
        story.done(&stop.id.to_string(), How::Made);
    }
    story.run(Intent::Down);
    for stop in map.stops.iter().filter(|stop| stop.phase > 3) {
        story.undone(&stop.id.to_string());
    }
    story.fails("saml.sign-in");
    let mut dag = Dag::new(map.clone());
    let text = draw(&mut dag, &story.view, (120, 40), None, &Look::default(), false);
    assert!(text.contains('◀') && !text.contains("▶ "), "{text}");
    insta::assert_snapshot!("teardown-120x40", text);
}

#[test]
fn ascii_is_ascii_in_every_mode() {
    let map = tutorial();
    let view = under_way(&map);
    for mode in Mode::ALL {
        for size in [(120, 40), (50, 10)] {
            let text = draw(&mut Dag::new(map.clone()), &view, size, Some(mode), &at(22), true);
            assert!(text.is_ascii(), "{text}");
        }
    }
    let text = draw(&mut Dag::new(map.clone()), &view, (120, 40), None, &at(22), true);
    insta::assert_snapshot!("ascii-120x40", text);
}

#[test]
fn many_items_are_one_box_that_can_be_opened() {
    let map = large();
    let mut story = Story::of(&map, &["Prepare", "Assign"], Intent::Up);
    story.done("aws.session", How::Seen);
    for set in 0..5 {
        story.done(&format!("aws.permission-set[Set{set}]"), How::Made);
    }
    for item in 0..1200 {
        story.done(&format!("aws.assignment[user{item}]"), How::Made);
    }
    story.starts("aws.assignment[user1200]");
    let mut dag = Dag::new(map.clone());
    let (one, other) = (number(&map, "aws.assignment[user7]"), number(&map, "aws.session"));
    assert!(dag.is_folded(one) && dag.is_item_of_many(one) && !dag.is_item_of_many(other));
    let chips = draw(&mut dag, &story.view, (100, 16), Some(Mode::Chips), &at(one), false);
    let boxes = draw(&mut dag, &story.view, (100, 16), Some(Mode::Boxes), &at(one), false);
    insta::assert_snapshot!("folded", format!("{chips}\n{boxes}"));

    assert!(dag.turn(one) && !dag.turn(other));
    assert!(!dag.is_folded(one) && dag.size().1 >= 2000);
    assert!(
        dag.size().0 < 100,
        "two thousand lines to one place are one line: {:?}",
        dag.size()
    );
    let area = Rect::new(0, 0, 100, 16);
    let look = Look {
        focus: Some(one),
        offset: dag.reveal(area, one, (0, 0)),
    };
    let text = draw(&mut dag, &story.view, (100, 16), Some(Mode::Boxes), &look, false);
    assert!(text.contains("║ ✔ assignment user7 "), "{text}");

    assert!(dag.turn(one) && dag.is_folded(one));
    let again = draw(&mut dag, &story.view, (100, 16), Some(Mode::Boxes), &at(one), false);
    assert_eq!(again, boxes);
}

#[test]
fn the_box_of_many_shows_what_asks_for_a_look() {
    let map = large();
    let mut story = Story::of(&map, &["Prepare", "Assign"], Intent::Up);
    story
        .done("aws.assignment[user1]", How::Made)
        .fails("aws.assignment[user2]");
    let text = draw(
        &mut Dag::new(map),
        &story.view,
        (100, 16),
        Some(Mode::Boxes),
        &Look::default(),
        false,
    );
    assert!(
        text.contains("✘ assignment") && text.contains("1/2000 · 1 failed"),
        "{text}"
    );
}

#[test]
fn wide_characters_keep_columns_straight() {
    let mut stops = vec![stop(0, "a.one", "", 1)];
    let items = [
        "漢字の利用者",
        "Zoe\u{308} K\u{308}",
        "plain",
        "とても長い名前の利用者がここにいます",
    ];
    stops.extend(items.map(|item| stop(0, "a.user", item, 1)));
    let mut needs = vec![vec![0]; 5];
    needs[0].clear();
    let map = Map::new(vec!["漢字の準備".into()], stops, vec![vec![0]], needs);
    let story = Story::of(&map, &["漢字の準備"], Intent::Up);
    for mode in [Mode::Boxes, Mode::Chips] {
        let area = Rect::new(0, 0, 80, 20);
        let mut dag = Dag::new(map.clone());
        let text = draw(&mut dag, &story.view, (80, 20), Some(mode), &Look::default(), false);
        // Each line is as wide as its cells: what is right of a name stands where it does without it.
        let mut buf = Buffer::empty(area);
        dag.draw(
            area,
            &mut buf,
            &story.view,
            &Look::default(),
            &Theme::new(Palette::None),
        );
        for (y, line) in text.lines().enumerate() {
            let last = (0..80).rev().find(|&x| buf[(x, y as u16)].symbol() != " ").unwrap_or(0);
            let symbol = width(buf[(last, y as u16)].symbol());
            assert_eq!(
                width(line),
                if line.is_empty() {
                    0
                } else {
                    usize::from(last) + symbol.max(1)
                },
                "{line}"
            );
        }
        insta::assert_snapshot!(format!("wide-{}", mode.name()), text);
    }
}

#[test]
fn every_size_and_every_window_can_be_drawn() {
    let map = tutorial();
    let view = under_way(&map);
    let mut dag = Dag::new(map.clone());
    for (w, h) in [
        (0, 0),
        (1, 1),
        (3, 7),
        (12, 3),
        (24, 6),
        (31, 9),
        (59, 5),
        (60, 6),
        (61, 20),
        (99, 25),
        (130, 3),
        (250, 70),
    ] {
        for mode in Mode::ALL.map(Some).into_iter().chain([None]) {
            for offset in [(0, 0), (7, 5), (500, 500)] {
                let look = Look { focus: Some(9), offset };
                draw(&mut dag, &view, (w, h), mode, &look, false);
                let (x, y) = dag.clamp(Rect::new(0, 0, w, h), offset);
                assert!(x <= offset.0 && y <= offset.1);
            }
        }
    }
}

#[test]
fn a_window_shows_what_the_whole_shows_there() {
    let map = tutorial();
    let view = under_way(&map);
    let mut dag = Dag::new(map);
    let theme = Theme::new(Palette::Dark);
    let (small, large) = (Rect::new(0, 0, 80, 24), Rect::new(0, 0, 200, 80));
    for mode in [Mode::Chips, Mode::Boxes] {
        dag.arrange(small, Some(mode));
        let (mut whole, mut part) = (Buffer::empty(large), Buffer::empty(small));
        let size = dag.size();
        // Laid out for the small one, and drawn into the large one without laying out anew.
        dag.draw(large, &mut whole, &view, &at(22), &theme);
        for offset in [(0, 0), (3, 1), (10, 20), (17, 11)] {
            part.reset();
            dag.draw(
                small,
                &mut part,
                &view,
                &Look {
                    focus: Some(22),
                    offset,
                },
                &theme,
            );
            let (here, there) = (paint::canvas(small), paint::canvas(large));
            for y in 0..here.height - 1 {
                for x in 0..here.width {
                    let (wx, wy) = (usize::from(x) + offset.0, usize::from(y) + offset.1);
                    if wx < size.0 && wy < size.1 && wx < usize::from(there.width) {
                        let cell = &whole[(there.x + wx as u16, there.y + wy as u16)];
                        assert_eq!(&part[(here.x + x, here.y + y)], cell, "{mode:?} {offset:?} {x},{y}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_focus_moves_along_the_lines_and_within_columns() {
    let map = tutorial();
    let mut dag = Dag::new(map.clone());
    dag.arrange(Rect::new(0, 0, 120, 40), None);
    let go = |from: &str, way: Way| {
        dag.go(number(&map, from), way)
            .map(|node| map.stops[node].id.step.clone())
    };
    assert_eq!(
        go("entra.certificate-active", Way::Left).as_deref(),
        Some("entra.certificate")
    );
    assert_eq!(
        go("entra.certificate-active", Way::Right).as_deref(),
        Some("entra.name-id")
    );
    assert_eq!(go("entra.session", Way::Left), None);
    assert_eq!(go("scim.start", Way::Right), None);
    assert_eq!(go("entra.session", Way::Down).as_deref(), Some("aws.session"));
    assert_eq!(go("aws.session", Way::Up).as_deref(), Some("entra.session"));
    assert_eq!(go("entra.session", Way::Up), None);
    // Through a joint.
    assert_eq!(go("entra.rights", Way::Right).as_deref(), Some("entra.user"));
    assert_eq!(go("entra.user", Way::Left).as_deref(), Some("people.lint"));
}

#[test]
fn every_node_is_reached_in_the_order_of_the_walk() {
    let map = tutorial();
    let dag = Dag::new(map.clone());
    let (mut focus, mut seen) = (None, Vec::new());
    for _ in 0..map.len() {
        focus = dag.next(focus);
        seen.extend(focus);
    }
    assert_eq!(seen, (0..map.len()).collect::<Vec<_>>());
    assert_eq!(dag.next(focus), Some(0));
    assert_eq!(dag.previous(Some(0)), focus);
    assert_eq!(dag.previous(focus), Some(map.len() - 2));
}

#[test]
fn from_each_node_every_other_can_be_reached_by_arrow_keys() {
    let map = tutorial();
    for mode in [Mode::Boxes, Mode::Chips, Mode::Tree] {
        let mut dag = Dag::new(map.clone());
        dag.arrange(Rect::new(0, 0, 100, 30), Some(mode));
        let mut seen = vec![false; map.len()];
        let mut open = vec![0];
        while let Some(node) = open.pop() {
            if !std::mem::replace(&mut seen[node], true) {
                let ways = [Way::Left, Way::Right, Way::Up, Way::Down];
                open.extend(ways.into_iter().filter_map(|way| dag.go(node, way)));
            }
        }
        assert!(seen.iter().all(|seen| *seen), "{mode:?}");
    }
}

#[test]
fn who_needs_a_person_and_what_failed_is_found() {
    let map = tutorial();
    let view = under_way(&map);
    let dag = Dag::new(map.clone());
    let source = number(&map, "saml.identity-source");
    assert_eq!(dag.next_in_need(None, &view), Some(source));
    assert_eq!(dag.next_in_need(Some(source), &view), Some(source));
    let mut story = Story::of(&map, &PHASES, Intent::Up);
    assert_eq!(dag.next_in_need(None, &story.view), None);
    story.fails("entra.app").asks("saml.identity-source");
    let app = number(&map, "entra.app");
    assert_eq!(dag.next_in_need(None, &story.view), Some(app));
    assert_eq!(dag.next_in_need(Some(app), &story.view), Some(source));
    assert_eq!(dag.next_in_need(Some(source), &story.view), Some(app));
}

#[test]
fn what_is_brought_into_view_is_found_there_by_the_mouse() {
    let map = tutorial();
    let area = Rect::new(3, 2, 80, 20);
    for mode in [Mode::Boxes, Mode::Chips, Mode::Tree] {
        let mut dag = Dag::new(map.clone());
        dag.arrange(area, Some(mode));
        let mut offset = (0, 0);
        for node in (0..map.len()).chain([5, 30, 0]) {
            offset = dag.reveal(area, node, offset);
            assert_eq!(dag.reveal(area, node, offset), offset, "it moves only when it must");
            assert_eq!(dag.clamp(area, offset), offset);
            let look = Look { focus: None, offset };
            let cells = (area.top()..area.bottom()).flat_map(|y| (area.left()..area.right()).map(move |x| (x, y)));
            let mut hits = cells.filter_map(|(x, y)| dag.node_at(area, Position { x, y }, &look));
            assert!(hits.any(|hit| hit == node), "{mode:?} {node}");
        }
        assert_eq!(dag.node_at(area, Position { x: 0, y: 0 }, &Look::default()), None);
    }
}

#[test]
fn steps_that_wait_for_each_other_through_their_items_are_not_folded() {
    let mut stops = Vec::new();
    let (mut bundles, mut needs) = (Vec::new(), Vec::new());
    for at in 0..12_usize {
        stops.push(stop(
            0,
            if at % 2 == 0 { "a.one" } else { "a.other" },
            &format!("{at}"),
            1,
        ));
        bundles.push(vec![at]);
        needs.push(at.checked_sub(1).into_iter().collect());
    }
    let dag = Dag::new(Map::new(vec!["All".into()], stops, bundles, needs));
    assert!((0..12).all(|node| !dag.is_folded(node)));
}

#[test]
fn edges_that_say_nothing_new_are_left_out() {
    let stops = ["a.one", "a.two", "a.three"].map(|step| stop(0, step, "", 1)).to_vec();
    let bundles = vec![vec![0], vec![1]];
    let map = Map::new(vec!["All".into()], stops, bundles, vec![vec![], vec![0], vec![0, 1]]);
    let shape = Shape::of(&map, &BTreeSet::new());
    assert_eq!(shape.before, [vec![], vec![0], vec![1]]);
}

#[test]
fn many_that_need_the_same_many_share_one_joint() {
    let mut stops: Vec<Stop> = (0..8).map(|at| stop(0, &format!("a.s{at}"), "", 1)).collect();
    let bundles = vec![(0..4).collect::<Vec<_>>()];
    let needs = (0..8)
        .map(|at| if at < 4 { vec![] } else { vec![0] })
        .collect::<Vec<_>>();
    weigh(&mut stops, &bundles, &needs);
    let map = Map::new(vec!["All".into()], stops, bundles, needs);
    let shape = Shape::of(&map, &BTreeSet::new());
    assert_eq!(shape.cards.len(), 9);
    assert_eq!(shape.before.iter().map(Vec::len).sum::<usize>(), 8);
    assert_eq!(shape.waiting_for(0), [4, 5, 6, 7]);
}

#[test]
fn the_critical_path_is_the_one_with_the_most_to_wait_for() {
    let map = tutorial();
    let names: Vec<String> = map
        .critical
        .iter()
        .map(|&node| map.stops[node].id.step.clone())
        .collect();
    assert_eq!(names.first().map(String::as_str), Some("entra.session"));
    assert!(
        names
            .windows(2)
            .any(|pair| pair == ["saml.identity-source", "scim.token"]),
        "{names:?}"
    );
    assert!(names.iter().any(|name| name == "scim.arrived"));
    let text = sample::draw(
        &mut Dag::new(map.clone()),
        &under_way(&map),
        (120, 40),
        None,
        &Look::default(),
        false,
    );
    assert!(text.contains("app ━━"), "{text}");
}
