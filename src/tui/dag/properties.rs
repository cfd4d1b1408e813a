//! What holds for every picture, on random graphs.

use std::collections::{BTreeSet, HashSet};

use proptest::prelude::*;

use super::{
    bands::SWEEPS,
    lines::{Lines, Net, Piece},
    map::{Map, Stop},
    picture::{Picture, Style},
    sample::{stop, weigh},
    shape::Shape,
};

/// A random graph: so many nodes in so many phases, with about so many needs each, most of them near, some far, some of
/// whole steps at once.
pub(super) fn random_map(seed: u64, nodes: usize, phases: usize, needs: usize, orderly: bool) -> Map {
    let mut random = fastrand::Rng::with_seed(seed);
    let steps = (nodes / 3).max(1);
    let mut stops: Vec<Stop> = Vec::new();
    let mut bundles: Vec<Vec<usize>> = Vec::new();
    let mut lists: Vec<Vec<usize>> = Vec::new();
    for node in 0..nodes {
        let phase = if orderly {
            node * phases / nodes
        } else {
            random.usize(0..phases)
        };
        let step = if random.u8(0..4) == 0 {
            node % 3
        } else {
            3 + random.usize(0..steps)
        };
        let names = ["area.thing", "area.long-name-of-a-step", "x.y"];
        let name = format!("{}{step}", names[step % 3]);
        stops.push(stop(phase, &name, &format!("item {node}"), 1 + random.u64(0..3)));
        let mut own = Vec::new();
        for _ in 0..random.usize(0..=needs) {
            if node == 0 {
                break;
            }
            let far = if random.u8(0..8) == 0 { node } else { node.min(12) };
            let bundle = match random.u8(0..12) {
                0 if !bundles.is_empty() => random.usize(0..bundles.len()),
                1 => {
                    let last = random.usize(0..node);
                    bundles.push((last.saturating_sub(4)..=last).collect());
                    bundles.len() - 1
                }
                _ => {
                    bundles.push(vec![node - 1 - random.usize(0..far)]);
                    bundles.len() - 1
                }
            };
            if !own.contains(&bundle) {
                own.push(bundle);
            }
        }
        lists.push(own);
    }
    weigh(&mut stops, &bundles, &lists);
    Map::new(
        (0..phases).map(|phase| format!("Phase {phase}")).collect(),
        stops,
        bundles,
        lists,
    )
}

fn lay_out(map: &Map, shape: &Shape, style: Style, columns: usize, naive: bool) -> Picture {
    Picture::lay_out(map, shape, style, columns, 16, if naive { 0 } else { SWEEPS }, !naive)
}

fn piece_at(list: &[Piece], at: usize) -> Option<&Piece> {
    Lines::within(list, at, at + 1).first()
}

/// Boxes stand apart, and no line goes through one.
fn nothing_overlaps(picture: &Picture) {
    let lines = &picture.routes.lines;
    let mut taken = HashSet::new();
    for place in &picture.places {
        assert!(place.x + place.width <= picture.routes.width && place.y + place.height <= picture.routes.height);
        for y in place.y..place.y + place.height {
            assert!(
                Lines::within(&lines.rows[y], place.x, place.x + place.width).is_empty(),
                "a line in a box"
            );
            for x in place.x..place.x + place.width {
                assert!(taken.insert((x, y)), "two boxes in one cell");
            }
        }
        for x in place.x..place.x + place.width {
            assert!(
                Lines::within(&lines.columns[x], place.y, place.y + place.height).is_empty(),
                "a line in a box"
            );
        }
    }
    for list in lines.rows.iter().chain(&lines.columns) {
        assert!(list.iter().all(|piece| piece.from <= piece.to));
        assert!(
            list.windows(2).all(|pair| pair[0].to < pair[1].from),
            "two lines in one cell: {list:?}"
        );
    }
}

/// Lines are connected only where what they stand for is, and end only at boxes and at such places.
fn joints_mean_what_they_show(picture: &Picture, shape: &Shape) {
    let lines = &picture.routes.lines;
    for (y, joints) in lines.joints.iter().enumerate() {
        for &x in joints {
            let level = piece_at(&lines.rows[y], x).expect("a joint has a level line").net;
            let upright = piece_at(&lines.columns[x], y).expect("a joint has an upright line").net;
            let meant = match (level, upright) {
                (Net::Into(to), Net::From(from)) | (Net::From(from), Net::Into(to)) => shape.after[from].contains(&to),
                (one, other) => one == other,
            };
            assert!(meant, "a joint of strangers at {x},{y}: {level:?} {upright:?}");
        }
    }
    for (x, column) in lines.columns.iter().enumerate() {
        for piece in column {
            assert!(
                lines.is_joint(x, piece.from) && lines.is_joint(x, piece.to),
                "a loose end"
            );
        }
    }
    let beside: HashSet<(usize, usize)> = (0..picture.places.len())
        .flat_map(|card| {
            let (place, y) = (picture.places[card], picture.middle(card));
            [(place.x.wrapping_sub(1), y), (place.x + place.width, y)]
        })
        .collect();
    for (y, row) in lines.rows.iter().enumerate() {
        for piece in row {
            let held = |x: usize, goes_on: bool| goes_on || lines.is_joint(x, y) || beside.contains(&(x, y));
            assert!(
                held(piece.from, piece.goes_on.0) && held(piece.to, piece.goes_on.1),
                "a loose end: {y} {piece:?}"
            );
        }
    }
}

/// Each edge is a way from box to box, without a gap, through cells of its own.
fn edges_are_unbroken(picture: &Picture, shape: &Shape) {
    let lines = &picture.routes.lines;
    let edges: usize = shape.after.iter().map(Vec::len).sum();
    assert_eq!(picture.routes.wires.len(), edges);
    for wire in &picture.routes.wires {
        assert!(shape.after[wire.from].contains(&wire.to));
        let (from, to) = (picture.places[wire.from], picture.places[wire.to]);
        let (first, last) = (wire.corners[0], wire.corners[wire.corners.len() - 1]);
        assert_eq!(first, (from.x + from.width, picture.middle(wire.from)));
        assert_eq!(last, (to.x - 1, picture.middle(wire.to)));
        for (at, pair) in wire.corners.windows(2).enumerate() {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            if y0 == y1 {
                let mut before: Option<&Piece> = None;
                for x in x0.min(x1)..=x0.max(x1) {
                    let piece = piece_at(&lines.rows[y0], x).expect("the way goes on");
                    assert!(
                        piece.net == Net::From(wire.from) || piece.net == Net::Into(wire.to),
                        "a strange line"
                    );
                    if let Some(before) = before.filter(|before| *before != piece) {
                        assert!(before.goes_on.1 && piece.goes_on.0, "a gap in the way");
                    }
                    before = Some(piece);
                }
            } else {
                assert_eq!(x0, x1, "a way at an angle");
                for y in y0.min(y1)..=y0.max(y1) {
                    let piece = piece_at(&lines.columns[x0], y).expect("the way goes on");
                    assert!(
                        piece.net == Net::From(wire.from) || piece.net == Net::Into(wire.to),
                        "a strange line"
                    );
                }
            }
            if at > 0 {
                assert!(lines.is_joint(x0, y0), "a corner is a joint");
            }
        }
    }
}

/// The picture says of any two boxes what the map says: whether the one has to wait for the other.
fn nothing_is_lost(map: &Map, shape: &Shape) {
    let ancestors = |before: &dyn Fn(usize) -> Vec<usize>, order: &[usize], size: usize| {
        let mut all: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); size];
        for &at in order {
            for other in before(at) {
                let more = all[other].clone();
                all[at].extend(more);
                all[at].insert(other);
            }
        }
        all
    };
    let drawn = ancestors(&|card| shape.before[card].clone(), &shape.order, shape.cards.len());
    let nodes: Vec<usize> = (0..map.len()).collect();
    let needs = |node: usize| {
        map.needs[node]
            .iter()
            .flat_map(|&bundle| map.bundles[bundle].clone())
            .collect()
    };
    let meant = ancestors(&needs, &nodes, map.len());
    for node in nodes {
        let card = shape.card_of[node];
        for &before in &meant[node] {
            let other = shape.card_of[before];
            assert!(
                other == card || drawn[card].contains(&other),
                "{before} is before {node}"
            );
        }
    }
    // And it says nothing else, where nothing is folded.
    if (0..shape.cards.len()).all(|card| !shape.is_crowd(card)) {
        for (node, meant) in meant.iter().enumerate() {
            let drawn = drawn[shape.card_of[node]].iter().filter(|&&card| !shape.is_joint(card));
            assert_eq!(drawn.count(), meant.len());
        }
    }
}

fn holds(map: &Map, shape: &Shape, style: Style, columns: usize) -> Picture {
    let picture = lay_out(map, shape, style, columns, false);
    nothing_overlaps(&picture);
    joints_mean_what_they_show(&picture, shape);
    edges_are_unbroken(&picture, shape);
    picture
}

/// How many cells there are in which two lines cross.
fn crossings(picture: &Picture) -> usize {
    let lines = &picture.routes.lines;
    let in_column = |(x, column): (usize, &Vec<Piece>)| {
        let rows = column.iter().flat_map(|piece| piece.from..=piece.to);
        rows.filter(|&y| piece_at(&lines.rows[y], x).is_some() && !lines.is_joint(x, y))
            .count()
    };
    lines.columns.iter().enumerate().map(in_column).sum()
}

fn everything_open(map: &Map) -> BTreeSet<usize> {
    (0..map.crowds.len()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_small_graph_is_drawn_right(
        seed: u64, nodes in 1..40_usize, phases in 1..7_usize, needs in 0..5_usize, orderly: bool, open: bool,
        columns in 1..7_usize, boxes: bool,
    ) {
        let map = random_map(seed, nodes, phases, needs, orderly);
        let opened = if open { everything_open(&map) } else { BTreeSet::new() };
        let shape = Shape::of(&map, &opened);
        nothing_is_lost(&map, &shape);
        let style = if boxes { Style::Boxes } else { Style::Chips };
        holds(&map, &shape, style, columns);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_larger_graph_is_drawn_right(
        seed: u64, nodes in 40..400_usize, phases in 1..9_usize, needs in 0..4_usize, orderly: bool, columns in 1..9_usize,
    ) {
        let map = random_map(seed, nodes, phases, needs, orderly);
        for opened in [BTreeSet::new(), everything_open(&map)] {
            let shape = Shape::of(&map, &opened);
            nothing_is_lost(&map, &shape);
            holds(&map, &shape, Style::Chips, columns);
        }
    }
}

#[test]
fn graphs_of_5000_nodes_are_drawn_right() {
    for (seed, orderly) in [(1, true), (2, true)] {
        let map = random_map(seed, 5000, 7, 2, orderly);
        let shape = Shape::of(&map, &everything_open(&map));
        assert!(shape.cards.len() >= 5000);
        holds(&map, &shape, Style::Chips, 6);
    }
}

#[test]
fn the_same_graph_is_the_same_picture() {
    for seed in 0..20 {
        let map = random_map(seed, 150, 5, 3, seed % 2 == 0);
        let shape = Shape::of(&map, &BTreeSet::new());
        let (one, other) = (
            lay_out(&map, &shape, Style::Chips, 4, false),
            lay_out(&map.clone(), &Shape::of(&map, &BTreeSet::new()), Style::Chips, 4, false),
        );
        assert_eq!(one.places, other.places);
        assert_eq!(one.routes.wires, other.routes.wires);
    }
}

/// Without care: boxes and lines in the order of the walk.
#[test]
fn lines_cross_less_than_without_care() {
    let (mut careful, mut naive) = (0, 0);
    for seed in 0..60 {
        let map = random_map(seed, 60, 5, 3, true);
        let shape = Shape::of(&map, &everything_open(&map));
        careful += crossings(&lay_out(&map, &shape, Style::Chips, 5, false));
        naive += crossings(&lay_out(&map, &shape, Style::Chips, 5, true));
    }
    assert!(careful * 10 < naive * 7, "{careful} crossings, {naive} without care");
}

#[test]
fn twice_the_nodes_are_about_twice_the_work() {
    let work = |nodes: usize| {
        let map = random_map(3, nodes, 7, 2, true);
        let shape = Shape::of(&map, &everything_open(&map));
        let picture = lay_out(&map, &shape, Style::Chips, 6, false);
        let corners: usize = picture.routes.wires.iter().map(|wire| wire.corners.len()).sum();
        (shape.work, picture.work + corners as u64)
    };
    let (half, whole) = (work(2500), work(5000));
    // To know what comes before what, each node is compared with all: a bit each.
    assert!(whole.0 <= half.0 * 5);
    assert!(whole.1 <= half.1 * 3);
}
