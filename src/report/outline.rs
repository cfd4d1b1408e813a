//! `Outline`: what there is to walk, before anything has happened.

use std::collections::HashMap;

use crate::engine::{
    Phase,
    graph::{Graph, NodeId},
    grid::Grid,
    step::{About, World},
};

/// A heading of the walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// The heading.
    pub title: &'static str,
    /// What stands when it is done.
    pub aim: &'static str,
}

/// A node that is known to come.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub id: NodeId,
    pub chapter: usize,
    pub forgotten: bool,
}

/// What is known of a step.
#[derive(Debug, Clone)]
struct Known {
    about: About,
    chapter: usize,
    at_once: usize,
    grid: Option<Grid>,
}

/// The phases, their steps, and the nodes that are known to come.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    pub(super) chapters: Vec<Heading>,
    pub(super) places: Vec<Place>,
    steps: HashMap<&'static str, Known>,
    /// How many lanes the nodes of a step and target have, where they have any.
    lanes: HashMap<(String, Option<String>), u32>,
    /// What rows of the steps' tables are called: by step, target and row.
    row_names: HashMap<(String, Option<String>, String), String>,
}

impl Outline {
    /// Knows the steps of these phases, and no nodes: enough to replay a journal.
    pub fn new<W: World>(phases: &[&'static Phase<W>]) -> Self {
        let mut outline = Self::default();
        for (number, phase) in phases.iter().enumerate() {
            outline.chapters.push(Heading {
                title: phase.title,
                aim: phase.aim,
            });
            for step in phase.steps {
                let about = step.about();
                let known = Known {
                    about,
                    chapter: number,
                    at_once: step.at_once(),
                    grid: step.grid(),
                };
                outline.steps.insert(about.id.as_str(), known);
            }
        }
        outline
    }

    /// Knows all nodes of this graph too, in its order: the place of a node in a view is then its number in the graph.
    pub fn of<W: World>(phases: &[&'static Phase<W>], graph: &Graph<W>) -> Self {
        let mut outline = Self::new(phases);
        outline.places = graph
            .nodes()
            .iter()
            .map(|node| Place {
                id: node.id.clone(),
                chapter: node.phase,
                forgotten: node.forgotten,
            })
            .collect();
        let lanes = graph.nodes().iter().filter_map(|node| Some((node.lane()?, &node.id)));
        let lanes: HashMap<u32, &NodeId> = lanes.collect();
        for id in lanes.into_values() {
            *outline.lanes.entry((id.step.clone(), id.target.clone())).or_default() += 1;
        }
        let names = graph.row_names().map(|(step, target, row, name)| {
            let row = (step.to_owned(), target.map(str::to_owned), row.to_owned());
            (row, name.to_owned())
        });
        outline.row_names = names.collect();
        outline
    }

    /// How many nodes of this step and target may be at work at a time, if that is bounded: one in each lane at most.
    pub(super) fn at_once(&self, step: &str, target: &Option<String>) -> Option<u32> {
        let lanes = self.lanes.get(&(step.to_owned(), target.clone())).copied();
        let known = self.steps.get(step).map_or(usize::MAX, |known| known.at_once);
        let most = lanes.unwrap_or(u32::MAX).min(u32::try_from(known).unwrap_or(u32::MAX));
        (most < u32::MAX).then_some(most)
    }

    /// The table that the items of this step make.
    pub(super) fn grid(&self, step: &str) -> Option<Grid> {
        self.steps.get(step).and_then(|known| known.grid)
    }

    /// What a row of a step's table is called, if that is known.
    pub(super) fn row_name(&self, step: &str, target: &Option<String>, row: &str) -> Option<String> {
        if self.row_names.is_empty() {
            return None;
        }
        let row = (step.to_owned(), target.clone(), row.to_owned());
        self.row_names.get(&row).cloned()
    }

    /// What the step of this name is, in words. None for a step that this version does not know.
    pub fn about(&self, step: &str) -> Option<&About> {
        self.steps.get(step).map(|known| &known.about)
    }

    /// The phases.
    pub fn chapters(&self) -> &[Heading] {
        &self.chapters
    }

    /// The phase that lists the step.
    pub(super) fn chapter_of(&self, step: &str) -> Option<usize> {
        self.steps.get(step).map(|known| known.chapter)
    }
}

#[cfg(test)]
impl Outline {
    /// Made by hand: phases, steps with the number of their phase, and nodes by name.
    pub(super) fn toy(chapters: &[(&'static str, &'static str)], steps: &[(usize, About)], nodes: &[&str]) -> Self {
        let mut outline = Self {
            chapters: chapters.iter().map(|&(title, aim)| Heading { title, aim }).collect(),
            steps: steps
                .iter()
                .map(|&(chapter, about)| {
                    let known = Known {
                        about,
                        chapter,
                        at_once: usize::MAX,
                        grid: None,
                    };
                    (about.id.as_str(), known)
                })
                .collect(),
            ..Self::default()
        };
        for name in nodes {
            let id = super::testing::node(name);
            let chapter = outline.chapter_of(&id.step).expect("a known step");
            outline.places.push(Place {
                id,
                chapter,
                forgotten: false,
            });
        }
        outline
    }

    /// Made by hand: phases, and nodes with the number of their phase. Nothing is known of their steps.
    pub(crate) fn bare(chapters: &[&'static str], nodes: impl IntoIterator<Item = (NodeId, usize)>) -> Self {
        Self {
            chapters: chapters.iter().map(|&title| Heading { title, aim: "" }).collect(),
            places: nodes
                .into_iter()
                .map(|(id, chapter)| Place {
                    id,
                    chapter,
                    forgotten: false,
                })
                .collect(),
            ..Self::default()
        }
    }

    /// Knows the table of this step, too, and what its rows are called.
    pub(crate) fn with_grid(mut self, about: About, at_once: usize, grid: Grid, rows: &[(&str, &str)]) -> Self {
        let known = Known {
            about,
            chapter: 0,
            at_once,
            grid: Some(grid),
        };
        self.steps.insert(about.id.as_str(), known);
        let step = about.id.to_string();
        let rows = rows.iter();
        let rows = rows.map(|(row, name)| ((step.clone(), None, (*row).to_owned()), (*name).to_owned()));
        self.row_names = rows.collect();
        self
    }
}
