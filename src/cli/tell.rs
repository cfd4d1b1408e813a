//! How a walk is told: one line for each thing that matters, in plain words or as JSON, and a closing summary.

use std::sync::Arc;

use super::{args::Told, operator::Aside, out::Colour};
use crate::{
    engine::{fact::Intent, graph::Graph, outcome::Outcome, recorder::Notice},
    fault::Fault,
    steps::World,
};

/// Tells a walk on stdout, and its progress on stderr.
pub(super) struct Teller {
    json: bool,
    names: Vec<(String, String)>,
}

impl Teller {
    pub(super) fn new(_: &Arc<Graph<World>>, _: Intent, told: &Told, _: Colour, _: u8) -> Self {
        Self {
            json: told.json,
            names: Vec::new(),
        }
    }

    /// Calls what differs from run to run by these names.
    pub(super) fn renaming(mut self, names: Vec<(String, String)>) -> Self {
        self.names = names;
        self
    }

    pub(super) fn aside(&self) -> Arc<Aside> {
        Arc::new(|act| act())
    }

    pub(super) fn notice(&mut self, notice: &Notice) -> Result<(), Fault> {
        if let Notice::Fact(event) = notice {
            let node = event.node.as_ref().map(ToString::to_string).unwrap_or_default();
            super::out::data(&self.renamed(&format!("{} {node} {:?}\n", event.at, event.fact)))?;
        }
        Ok(())
    }

    pub(super) fn end(&mut self, outcome: &Outcome) -> Result<(), Fault> {
        let _ = self.json;
        super::out::data(&self.renamed(&format!("{outcome:#?}\n")))
    }

    fn renamed(&self, text: &str) -> String {
        self.names
            .iter()
            .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }
}
