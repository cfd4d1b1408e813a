//! `Outline`: what there is to walk, before anything has happened.

use std::collections::HashMap;

use crate::engine::{
    Phase,
    graph::{Graph, NodeId},
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

/// The phases, their steps, and the nodes that are known to come.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    pub(super) chapters: Vec<Heading>,
    pub(super) places: Vec<Place>,
    steps: HashMap<&'static str, (About, usize)>,
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
                outline.steps.insert(about.id.as_str(), (about, number));
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
        outline
    }

    /// What the step of this name is, in words. None for a step that this version does not know.
    pub fn about(&self, step: &str) -> Option<&About> {
        self.steps.get(step).map(|(about, _)| about)
    }

    /// The phases.
    pub fn chapters(&self) -> &[Heading] {
        &self.chapters
    }

    /// The phase that lists the step.
    pub(super) fn chapter_of(&self, step: &str) -> Option<usize> {
        self.steps.get(step).map(|(_, chapter)| *chapter)
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
                .map(|&(at, about)| (about.id.as_str(), (about, at)))
                .collect(),
            places: Vec::new(),
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
            steps: HashMap::new(),
            places: nodes
                .into_iter()
                .map(|(id, chapter)| Place {
                    id,
                    chapter,
                    forgotten: false,
                })
                .collect(),
        }
    }
}
