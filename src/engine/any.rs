//! `AnyStep`: a step with its types rubbed out, so that steps of different outputs stand in one table.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;

use super::{
    cx::Cx,
    declared::Declared,
    grid::Grid,
    known::{ByHand, Known},
    needs::{Edge, Inputs, Needs, read_output},
    step::{About, Difference, Evidence, Gone, Item, Made, Probe, Step, StepId, Undone, World},
};
use crate::fault::Fault;

/// A chapter of the walk: its steps, in the order they are told in. What runs when is decided by their needs alone.
pub struct Phase<W: World> {
    /// The heading.
    pub title: &'static str,
    /// What stands when it is done, in one sentence.
    pub aim: &'static str,
    /// The steps.
    pub steps: &'static [&'static dyn AnyStep<W>],
}

/// A step whose outputs are JSON. Every [`Step`] is one.
#[async_trait]
pub trait AnyStep<W: World>: Send + Sync + 'static {
    /// What the step is, in words.
    fn about(&self) -> About;

    /// Its needs, as edges.
    fn edges(&self) -> Vec<Edge>;

    /// How many of its nodes may be at work at once.
    fn at_once(&self) -> usize;

    /// See [`Step::TOGETHER`].
    fn together(&self) -> bool;

    /// See [`Step::GRID`].
    fn grid(&self) -> Option<Grid>;

    /// See [`Step::row_names`].
    fn row_names(&self, world: &W, target: Option<&str>) -> BTreeMap<String, String>;

    /// See [`Step::SHARED`].
    fn shared(&self) -> bool;

    /// See [`Step::PART_OF`].
    fn part_of(&self) -> Option<StepId>;

    /// See [`Step::items`].
    fn items(&self, world: &W, target: Option<&str>) -> Vec<Item>;

    /// See [`Step::probe`].
    async fn probe(&self, cx: &Cx<W>, inputs: &Inputs, known: Option<&Value>) -> Result<Probe<Value>, Fault>;

    /// See [`Step::apply`].
    async fn apply(&self, cx: &Cx<W>, inputs: &Inputs, found: Option<&Value>) -> Result<Value, Fault>;

    /// See [`Step::undo`].
    async fn undo(&self, cx: &Cx<W>, inputs: &Inputs, made: &Made<Value>) -> Result<Undone, Fault>;

    /// See [`Step::gone`].
    async fn gone(&self, cx: &Cx<W>, inputs: &Inputs, made: &Made<Value>) -> Result<Gone, Fault>;

    /// See [`Step::evidence`]. None for an output that this version cannot read.
    fn evidence(&self, output: &Value) -> Option<Evidence>;

    /// See [`Step::by_hand`].
    fn by_hand(&self, known: &Known<'_, W>) -> ByHand;

    /// See [`Step::declared`].
    fn declared(&self, known: &Known<'_, W>) -> Declared;

    /// See [`Step::adopt`].
    async fn adopt(&self, cx: &Cx<W>, inputs: &Inputs) -> Result<Probe<Value>, Fault>;

    /// See [`Step::may_stay`].
    fn may_stay(&self, difference: &Difference) -> bool;

    /// See [`Step::owner`].
    fn owner(&self, inputs: &Inputs, found: &Value) -> Option<String>;

    /// See [`Step::object`]. None for an output that this version cannot read.
    fn object(&self, output: &Value) -> Option<String>;

    /// See [`Step::forget`].
    async fn forget(&self, cx: &Cx<W>) -> Result<(), Fault>;
}

fn write_output<T: Serialize>(about: &About, output: &T) -> Result<Value, Fault> {
    serde_json::to_value(output)
        .map_err(|why| Fault::internal(format!("the result of {} cannot be written: {why}", about.id)))
}

fn write_probe<T: Serialize>(about: &About, probe: Probe<T>) -> Result<Probe<Value>, Fault> {
    Ok(match probe {
        Probe::Absent => Probe::Absent,
        Probe::Present { output, proof } => Probe::Present {
            output: write_output(about, &output)?,
            proof,
        },
        Probe::Drifted { found, differences } => Probe::Drifted {
            found: write_output(about, &found)?,
            differences,
        },
        Probe::Pending(wait) => Probe::Pending(wait),
        Probe::CannotTell(why) => Probe::CannotTell(why),
    })
}

fn read_made<W: World, S: Step<W>>(made: &Made<Value>) -> Result<Made<S::Output>, Fault> {
    Ok(Made {
        output: read_output::<W, S>(&made.output)?,
        how: made.how,
        before: made.before.as_ref().map(read_output::<W, S>).transpose()?,
    })
}

#[async_trait]
impl<W: World, S: Step<W>> AnyStep<W> for S {
    fn about(&self) -> About {
        S::ABOUT
    }

    fn edges(&self) -> Vec<Edge> {
        S::Needs::edges()
    }

    fn at_once(&self) -> usize {
        S::AT_ONCE
    }

    fn together(&self) -> bool {
        S::TOGETHER
    }

    fn grid(&self) -> Option<Grid> {
        S::GRID
    }

    fn row_names(&self, world: &W, target: Option<&str>) -> BTreeMap<String, String> {
        Step::row_names(self, world, target)
    }

    fn shared(&self) -> bool {
        S::SHARED
    }

    fn part_of(&self) -> Option<StepId> {
        S::PART_OF
    }

    fn items(&self, world: &W, target: Option<&str>) -> Vec<Item> {
        Step::items(self, world, target)
    }

    async fn probe(&self, cx: &Cx<W>, inputs: &Inputs, known: Option<&Value>) -> Result<Probe<Value>, Fault> {
        let got = S::Needs::read(inputs)?;
        let known = known.map(read_output::<W, S>).transpose()?;
        write_probe(&S::ABOUT, Step::probe(self, cx, &got, known.as_ref()).await?)
    }

    async fn apply(&self, cx: &Cx<W>, inputs: &Inputs, found: Option<&Value>) -> Result<Value, Fault> {
        let got = S::Needs::read(inputs)?;
        let found = found.map(read_output::<W, S>).transpose()?;
        let output = Step::apply(self, cx, &got, found.as_ref()).await?;
        write_output(&S::ABOUT, &output)
    }

    async fn undo(&self, cx: &Cx<W>, inputs: &Inputs, made: &Made<Value>) -> Result<Undone, Fault> {
        let got = S::Needs::read(inputs)?;
        Step::undo(self, cx, &got, &read_made::<W, S>(made)?).await
    }

    async fn gone(&self, cx: &Cx<W>, inputs: &Inputs, made: &Made<Value>) -> Result<Gone, Fault> {
        let got = S::Needs::read(inputs)?;
        Step::gone(self, cx, &got, &read_made::<W, S>(made)?).await
    }

    fn evidence(&self, output: &Value) -> Option<Evidence> {
        let output = read_output::<W, S>(output).ok()?;
        Some(Step::evidence(self, &output))
    }

    fn by_hand(&self, known: &Known<'_, W>) -> ByHand {
        Step::by_hand(self, known)
    }

    fn declared(&self, known: &Known<'_, W>) -> Declared {
        Step::declared(self, known)
    }

    async fn adopt(&self, cx: &Cx<W>, inputs: &Inputs) -> Result<Probe<Value>, Fault> {
        let got = S::Needs::read(inputs)?;
        write_probe(&S::ABOUT, Step::adopt(self, cx, &got).await?)
    }

    fn may_stay(&self, difference: &Difference) -> bool {
        Step::may_stay(self, difference)
    }

    fn owner(&self, inputs: &Inputs, found: &Value) -> Option<String> {
        let got = S::Needs::read(inputs).ok()?;
        Step::owner(self, &got, &read_output::<W, S>(found).ok()?)
    }

    fn object(&self, output: &Value) -> Option<String> {
        Step::object(self, &read_output::<W, S>(output).ok()?)
    }

    async fn forget(&self, cx: &Cx<W>) -> Result<(), Fault> {
        Step::forget(self, cx).await
    }
}
