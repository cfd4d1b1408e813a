//! `Needs`: what a step reads from others, as a tuple of types, and with it the edges of the graph.
//!
//! ```text
//! type Needs = (One<EnterpriseApp>, Each<PermissionSet>, After<BreakGlass>);
//! ```
//!
//! `probe`, `apply` and `undo` then get a tuple of `EnterpriseApp::Output`, `Vec<(String, PermissionSet::Output)>` and
//! `()`. What is not named here cannot be read, so no edge can be forgotten. A need that no node can deliver is a fault
//! when the graph is built, long before anything runs.

use std::{marker::PhantomData, sync::Arc};

use serde::Deserialize;
use serde_json::Value;

use super::step::{Step, StepId, World};
use crate::fault::{Fault, Kind};

/// The output of the single node of `S`: of the same target, or the tenant's.
pub struct One<S>(PhantomData<fn() -> S>);
/// The output of the node of `S` that has this node's item key.
pub struct Same<S>(PhantomData<fn() -> S>);
/// The outputs of those nodes of `S` that this node's [`super::step::Item::with`] names, by item key, in that order.
pub struct Each<S>(PhantomData<fn() -> S>);
/// The outputs of all nodes of `S` in sight, by item key, in the graph's order. A node that was skipped is left out.
pub struct All<S>(PhantomData<fn() -> S>);
/// The output of the single node of `S`, if there is one in this graph and it was not skipped.
pub struct Maybe<S>(PhantomData<fn() -> S>);
/// Nothing but order: after all nodes of `S` in sight, if there are any.
pub struct After<S>(PhantomData<fn() -> S>);

/// How a need picks its nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pick {
    /// See [`One`].
    One,
    /// See [`Same`].
    Same,
    /// See [`Each`].
    Each,
    /// See [`All`].
    All,
    /// See [`Maybe`].
    Maybe,
    /// See [`After`].
    After,
}

impl Pick {
    /// Whether the step cannot do without each node picked, so that none of them may be skipped.
    pub fn insists(self) -> bool {
        matches!(self, Self::One | Self::Same | Self::Each)
    }
}

/// One need, as the graph sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Edge {
    /// The step that is needed.
    pub step: StepId,
    /// Which of its nodes.
    pub pick: Pick,
}

/// What the needed nodes put out: for each edge, in order, the outputs by item key.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    edges: Vec<Vec<(String, Arc<Value>)>>,
}

impl Inputs {
    /// The outputs of each edge, in the order of the edges.
    pub fn new(edges: Vec<Vec<(String, Arc<Value>)>>) -> Self {
        Self { edges }
    }

    fn edge(&self, at: usize) -> &[(String, Arc<Value>)] {
        self.edges.get(at).map_or(&[], Vec::as_slice)
    }
}

/// One need.
pub trait Need<W: World>: 'static {
    /// What it delivers.
    type Got: Send + Sync;

    /// Its edge.
    fn edge() -> Edge;

    /// Reads what was picked.
    fn read(picked: &[(String, Arc<Value>)]) -> Result<Self::Got, Fault>;
}

/// A tuple of needs.
pub trait Needs<W: World>: 'static {
    /// What the needs deliver.
    type Got: Send + Sync;

    /// Their edges.
    fn edges() -> Vec<Edge>;

    /// Reads what the needed nodes put out.
    fn read(inputs: &Inputs) -> Result<Self::Got, Fault>;
}

/// Reads one output, or says that the journal speaks of it in words this version does not know.
pub(super) fn read_output<W: World, S: Step<W>>(value: &Value) -> Result<S::Output, Fault> {
    S::Output::deserialize(value).map_err(|why| {
        Fault::new(
            Kind::Journal,
            format!("the recorded result of {} cannot be read", S::ABOUT.id),
        )
        .why(why.to_string())
        .hint("The journal was written by another version of fedwiz. Continue with that version.")
    })
}

fn read_single<W: World, S: Step<W>>(picked: &[(String, Arc<Value>)]) -> Result<Option<S::Output>, Fault> {
    picked.first().map(|(_, value)| read_output::<W, S>(value)).transpose()
}

fn read_required<W: World, S: Step<W>>(picked: &[(String, Arc<Value>)]) -> Result<S::Output, Fault> {
    read_single::<W, S>(picked)?
        .ok_or_else(|| Fault::internal(format!("a step runs before the result of {} is known", S::ABOUT.id)))
}

fn read_many<W: World, S: Step<W>>(picked: &[(String, Arc<Value>)]) -> Result<Vec<(String, S::Output)>, Fault> {
    picked
        .iter()
        .map(|(key, value)| Ok((key.clone(), read_output::<W, S>(value)?)))
        .collect()
}

macro_rules! need {
    ($name:ident, $got:ty, $read:expr) => {
        impl<W: World, S: Step<W>> Need<W> for $name<S> {
            type Got = $got;

            fn edge() -> Edge {
                Edge {
                    step: S::ABOUT.id,
                    pick: Pick::$name,
                }
            }

            fn read(picked: &[(String, Arc<Value>)]) -> Result<Self::Got, Fault> {
                $read(picked)
            }
        }
    };
}

need!(One, S::Output, read_required::<W, S>);
need!(Same, S::Output, read_required::<W, S>);
need!(Each, Vec<(String, S::Output)>, read_many::<W, S>);
need!(All, Vec<(String, S::Output)>, read_many::<W, S>);
need!(Maybe, Option<S::Output>, read_single::<W, S>);
need!(After, (), |_: &[(String, Arc<Value>)]| Ok(()));

impl<W: World> Needs<W> for () {
    type Got = ();

    fn edges() -> Vec<Edge> {
        Vec::new()
    }

    fn read(_: &Inputs) -> Result<(), Fault> {
        Ok(())
    }
}

macro_rules! needs {
    ($($need:ident $at:tt),+) => {
        impl<W: World, $($need: Need<W>),+> Needs<W> for ($($need,)+) {
            type Got = ($($need::Got,)+);

            fn edges() -> Vec<Edge> {
                vec![$($need::edge()),+]
            }

            fn read(inputs: &Inputs) -> Result<Self::Got, Fault> {
                Ok(($($need::read(inputs.edge($at))?,)+))
            }
        }
    };
}

needs!(A 0);
needs!(A 0, B 1);
needs!(A 0, B 1, C 2);
needs!(A 0, B 1, C 2, D 3);
needs!(A 0, B 1, C 2, D 3, E 4);
needs!(A 0, B 1, C 2, D 3, E 4, F 5);
needs!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
needs!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
needs!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
