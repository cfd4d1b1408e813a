//! How long it takes to lay a graph out, from its nodes to the last line.

use fedwiz::{
    engine::graph::NodeId,
    tui::dag::{
        Dag, Mode,
        map::{Map, Stop},
    },
};
use ratatui::layout::Rect;

use crate::{
    Wish,
    fleet::Fleet,
    machine::{median, millis, time},
    table::{Table, Unit},
};

/// What a graph gets of a screen of 200×60.
const ROOM: Rect = Rect::new(0, 0, 160, 45);
/// A fleet's picture comes this soon after the key that asks for it.
const TARGET: f64 = 200.0;

pub fn measure(wish: &Wish, table: &mut Table) {
    for nodes in if wish.quick { vec![1_000] } else { vec![5_000, 10_000] } {
        let fleet = Fleet::of(nodes);
        let one = fleet.one_of_many();
        let folded = median(wish.rounds(), || lay_out(&fleet.map, None, None));
        table.row(
            format!("layout: fleet of {nodes} nodes, folded"),
            Unit::Millis,
            folded,
            TARGET,
            "",
        );
        for mode in [Mode::Boxes, Mode::Chips, Mode::Tree] {
            let open = median(wish.rounds(), || lay_out(&fleet.map, Some(one), Some(mode)));
            table.row(
                format!("layout: fleet of {nodes} nodes, open, {}", mode.name()),
                Unit::Millis,
                open,
                TARGET,
                "",
            );
        }
        let mesh = mesh(nodes);
        let took = median(wish.rounds(), || lay_out(&mesh, None, Some(Mode::Chips)));
        table.note(
            format!("layout: mesh of {nodes} nodes, each needing up to 3, chips"),
            Unit::Millis,
            took,
            "",
        );
    }
}

/// Lays a graph out that has just been read; with the many of which this is one laid out one by one.
fn lay_out(map: &Map, open: Option<usize>, wish: Option<Mode>) -> f64 {
    let map = map.clone();
    let (took, dag) = time(|| {
        let mut dag = Dag::new(map);
        if let Some(one) = open {
            dag.turn(one);
        }
        dag.arrange(ROOM, wish);
        dag
    });
    assert!(dag.mode().is_some());
    millis(took)
}

/// Steps that need each other without any order but that of time. No walk looks like this.
fn mesh(nodes: usize) -> Map {
    const PHASES: usize = 7;
    let mut dice = fastrand::Rng::with_seed(7);
    let (mut stops, mut bundles, mut needs) = (Vec::new(), Vec::new(), Vec::new());
    for node in 0..nodes {
        stops.push(Stop {
            id: NodeId {
                target: None,
                step: format!("area.thing-{node}"),
                item: String::new(),
            },
            phase: node * PHASES / nodes,
            weight: (nodes - node) as u64,
        });
        let mut own: Vec<usize> = Vec::new();
        for _ in 0..dice.usize(0..=3.min(node)) {
            let near = if dice.u8(0..8) == 0 { node } else { node.min(12) };
            own.push(bundles.len());
            bundles.push(vec![node - 1 - dice.usize(0..near)]);
        }
        needs.push(own);
    }
    let phases = (0..PHASES).map(|phase| format!("Phase {phase}")).collect();
    Map::new(phases, stops, bundles, needs)
}
