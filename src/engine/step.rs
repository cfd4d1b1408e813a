//! `Step`: one remote object or setting that can be looked at, made, and taken back.

use std::{collections::BTreeMap, fmt, future::Future, time::Duration};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    cx::Cx,
    declared::Declared,
    grid::Grid,
    known::{ByHand, Known},
    needs::Needs,
};
use crate::fault::{Fault, Text};

/// What the engine must know of the world that steps work in. Everything else in it is between the steps and their
/// clients.
pub trait World: Send + Sync + 'static {
    /// The names of the AWS targets, in the profile's order. Never empty.
    fn targets(&self) -> Vec<String>;
}

/// The name of a step. It lives in journals and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct StepId(&'static str);

impl StepId {
    /// Names a step `area.thing`.
    pub const fn new(id: &'static str) -> Self {
        Self(id)
    }

    /// The name as text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Who carries a step out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Executor {
    /// Microsoft Graph.
    Graph,
    /// The AWS SDKs.
    Aws,
    /// The SCIM endpoint.
    Scim,
    /// A person, guided, with proof.
    Human,
    /// Nobody: the step waits for something to happen.
    Wait,
}

/// Whether a step has one node per run or one per AWS target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Shared by all targets: the Entra session, people and groups.
    Tenant,
    /// One node for each AWS target.
    Target,
}

/// Whether a step changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only looks: what it finds is *seen*, never made nor adopted, and there is nothing to take back.
    Observes,
    /// It makes or changes something.
    Changes,
}

/// What a step is, in words.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its name.
    pub id: StepId,
    /// What it does, as a heading: "Create the enterprise application".
    pub title: &'static str,
    /// Why it is there, one or two sentences.
    pub why: &'static str,
    /// Who carries it out.
    pub executor: Executor,
    /// One node per run or per target.
    pub scope: Scope,
    /// Whether it changes anything.
    pub effect: Effect,
    /// What is looked at before it is called done: "GET the application by its object id".
    pub proof: &'static str,
    /// How it is taken back, in words.
    pub undo: &'static str,
    /// A public page about it.
    pub read_more: &'static str,
}

/// One node of a per-item step: which item it is, and which items of other steps it refers to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item {
    /// The item's key, as shown in brackets: `RegionalAdmin`. Empty for a step that has no items.
    pub key: String,
    /// The keys of other steps' items that an [`super::needs::Each`] need of this node selects.
    pub refs: Vec<(StepId, String)>,
    /// Nodes of one lane are never at work at the same time: the vendor takes one change of it after the other.
    pub lane: Option<String>,
    /// The phase this node is shown in, counted from 0, where it is not the one that lists its step.
    pub phase: Option<usize>,
}

impl Item {
    /// The single item of a step that has none.
    pub fn only() -> Self {
        Self::default()
    }

    /// An item with this key.
    pub fn new(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            ..Self::default()
        }
    }

    /// Refers to an item of another step.
    #[must_use]
    pub fn with(mut self, step: StepId, key: impl Into<String>) -> Self {
        self.refs.push((step, key.into()));
        self
    }

    /// Puts the node into a lane: no two nodes of one step, target and lane are at work at the same time.
    #[must_use]
    pub fn lane(mut self, lane: impl Into<String>) -> Self {
        self.lane = Some(lane.into());
        self
    }

    /// Shows the node in another phase than the one that lists its step.
    #[must_use]
    pub fn in_phase(mut self, phase: usize) -> Self {
        self.phase = Some(phase);
        self
    }
}

/// One field that is not as wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The field, in the vendor's name.
    pub field: String,
    /// What is there.
    pub found: String,
    /// What should be there.
    pub wanted: String,
}

impl Difference {
    /// A field that is `found` and should be `wanted`.
    pub fn new(field: impl Into<String>, found: impl Into<String>, wanted: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            found: found.into(),
            wanted: wanted.into(),
        }
    }
}

/// Why the engine looks again later instead of going on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// What is being waited for: "the assignment to be provisioned".
    pub why: Text,
    /// What ends the wait early: "CloudTrail shows EnableExternalIdPConfigurationForDirectory".
    pub ends_when: Text,
    /// How long until the next look.
    pub every: Duration,
    /// How long to wait in all before the step fails.
    pub limit: Duration,
}

/// What a look found.
#[derive(Debug, Clone)]
pub enum Probe<T> {
    /// It is not there.
    Absent,
    /// It is there and as wanted.
    Present {
        /// What is there.
        output: T,
        /// What was seen, as a phrase: "GET /applications/7c1… answers, identifier set".
        proof: Text,
    },
    /// It is there, but not as wanted.
    Drifted {
        /// What is there; kept as the snapshot that `undo` restores.
        found: T,
        /// Field by field.
        differences: Vec<Difference>,
    },
    /// It is on its way: look again.
    Pending(Wait),
    /// Nobody can tell from here, and why.
    CannotTell(Text),
}

impl<T> Probe<T> {
    /// It is there and as wanted; `proof` says what was seen.
    pub fn present(output: T, proof: impl Into<Text>) -> Self {
        Self::Present {
            output,
            proof: proof.into(),
        }
    }
}

/// How something came to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// A look-only step saw it.
    Seen,
    /// fedwiz made it: teardown removes it.
    Made,
    /// It was there, fedwiz changed it: teardown restores what was there before.
    Changed,
    /// It was there before: used, never removed.
    Adopted,
}

/// What stands, as the journal knows it.
#[derive(Debug, Clone)]
pub struct Made<T> {
    /// What stands.
    pub output: T,
    /// How it came to stand: `Made` or `Changed`. Nothing else is ever undone.
    pub how: How,
    /// For `Changed`: what was there before.
    pub before: Option<T>,
}

/// What an undo did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "undone", content = "why")]
pub enum Undone {
    /// It is removed.
    Removed,
    /// What was there before is there again.
    Restored,
    /// Somebody had removed it already.
    AlreadyGone,
    /// It stays, and why.
    Kept(Text),
}

/// What a look after an undo found.
#[derive(Debug, Clone)]
pub enum Gone {
    /// It is gone, or restored; the phrase says what was seen.
    Yes(Text),
    /// It is still there.
    No,
    /// It is on its way out: look again.
    Pending(Wait),
    /// Nobody can tell from here, and why.
    CannotTell(Text),
}

/// What an output says about who acted, and what outside of fedwiz proves it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Whom later steps of the same executor act as: the signed-in user or application, the caller's ARN.
    pub acts_as: Option<String>,
    /// The ids of CloudTrail events that prove it.
    pub cloudtrail: Vec<String>,
}

/// How something was when it was adopted: what of it the profile cannot say, and whose it is. It is held to that.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsFound {
    /// Who looks after it, if it bears somebody's mark: it is never changed without being named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What is not as the profile would have it, and stays so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
}

impl AsFound {
    /// Whether there is nothing to say.
    pub fn is_plain(&self) -> bool {
        self.owner.is_none() && self.differences.is_empty()
    }
}

/// Shorthand for what a step's needs deliver.
pub type Got<S, W> = <<S as Step<W>>::Needs as Needs<W>>::Got;

/// One remote object or setting.
///
/// A step has no retries, no sleeps and no printing. The driver looks (`probe`) before it acts (`apply`), looks again
/// after, and calls nothing done that was not seen. The fault says whether to try again.
pub trait Step<W: World>: Send + Sync + 'static {
    /// What the step is, in words.
    const ABOUT: About;
    /// How many nodes of this step, in one target, may be at work at once: the vendor's limit on what is in flight.
    const AT_ONCE: usize = usize::MAX;
    /// Whether what its nodes ask for at the same time goes out as one request of the vendor's. They then take none of the
    /// driver's places: only [`Step::AT_ONCE`] bounds them.
    const TOGETHER: bool = false;
    /// The table that its items make, where they make one.
    const GRID: Option<Grid> = None;
    /// Whether more than this federation may use what it makes, as people and groups are. A set-up never takes such a thing away
    /// because the profile names it no more, only when the operator names it.
    const SHARED: bool = false;
    /// The step whose item this one's item is a part of, as a member is of its group; there is an [`super::needs::Each`] need of it.
    /// A part goes without a call of its own where a teardown removes the whole, and stays where the whole is left over and stays.
    const PART_OF: Option<StepId> = None;
    /// The steps whose results it reads: the edges of the graph. See [`super::needs`].
    type Needs: Needs<W>;
    /// What later steps may read: serialisable, kept in the journal, never a secret.
    type Output: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;

    /// The nodes of this step: one for each item of the profile. None means the step is not part of this walk.
    fn items(&self, world: &W, target: Option<&str>) -> Vec<Item> {
        let _ = (world, target);
        vec![Item::only()]
    }

    /// What rows of its [`Step::GRID`] are called, where a key has only an id.
    fn row_names(&self, world: &W, target: Option<&str>) -> BTreeMap<String, String> {
        let _ = (world, target);
        BTreeMap::new()
    }

    /// Looks, and changes nothing. `known` is what the journal, or the `apply` a moment ago, says stands: look it up by
    /// its id. Without it, search by name or marker: this is how a crash or a lost answer is settled.
    fn probe(
        &self,
        cx: &Cx<W>,
        needs: &Got<Self, W>,
        known: Option<&Self::Output>,
    ) -> impl Future<Output = Result<Probe<Self::Output>, Fault>> + Send;

    /// Makes it, or brings what `found` holds to what is wanted. Called only after a look said `Absent` (`None`),
    /// `Drifted` (`Some`), or, for a human step, `CannotTell`.
    fn apply(
        &self,
        cx: &Cx<W>,
        needs: &Got<Self, W>,
        found: Option<&Self::Output>,
    ) -> impl Future<Output = Result<Self::Output, Fault>> + Send;

    /// Takes it back. Never called for what was seen or adopted. Must be safe to call again after a crash.
    fn undo(
        &self,
        cx: &Cx<W>,
        needs: &Got<Self, W>,
        made: &Made<Self::Output>,
    ) -> impl Future<Output = Result<Undone, Fault>> + Send;

    /// Looks whether it is gone. The driver asks before `undo` (nothing to do when it is gone) and after it. The default
    /// probes: absent is gone.
    fn gone(
        &self,
        cx: &Cx<W>,
        needs: &Got<Self, W>,
        made: &Made<Self::Output>,
    ) -> impl Future<Output = Result<Gone, Fault>> + Send {
        async move {
            Ok(match self.probe(cx, needs, Some(&made.output)).await? {
                Probe::Absent => Gone::Yes(Text::Borrowed("a look finds it no more")),
                Probe::Present { .. } | Probe::Drifted { .. } => Gone::No,
                Probe::Pending(wait) => Gone::Pending(wait),
                Probe::CannotTell(why) => Gone::CannotTell(why),
            })
        }
    }

    /// What an output says about who acted, and what outside of fedwiz proves it: for whoever has to account for the walk.
    fn evidence(&self, output: &Self::Output) -> Evidence {
        let _ = output;
        Evidence::default()
    }

    /// How people do it by hand, for a worksheet: instructions that hold for all items of the step, with the values of this one.
    /// What is not known yet is left out, or said to come from an earlier step.
    fn by_hand(&self, known: &Known<'_, W>) -> ByHand {
        let _ = known;
        ByHand::default()
    }

    /// What stands of it, as a declarative tool would say it. Asked only where something stands.
    fn declared(&self, known: &Known<'_, W>) -> Declared {
        let _ = known;
        match Self::ABOUT.effect {
            Effect::Observes => Declared::Nothing,
            Effect::Changes => Declared::Not(Text::Borrowed("no provider has a resource for it")),
        }
    }

    /// Looks for what was there before fedwiz, to take it over as it is; changes nothing. A step whose `probe` needs a record
    /// to find anything looks further here. Where it takes the operator's word, it says so with [`Cx::take_word`].
    fn adopt(
        &self,
        cx: &Cx<W>,
        needs: &Got<Self, W>,
    ) -> impl Future<Output = Result<Probe<Self::Output>, Fault>> + Send {
        self.probe(cx, needs, None)
    }

    /// Whether this may stay as it is where it was there before: a choice of whoever made it, and no fault.
    fn may_stay(&self, difference: &Difference) -> bool {
        let _ = difference;
        false
    }

    /// Who looks after what was found, if it bears somebody's mark.
    fn owner(&self, needs: &Got<Self, W>, found: &Self::Output) -> Option<String> {
        let _ = (needs, found);
        None
    }

    /// What tells the remote object from all others of the step, for a step with items: where two nodes have the same, the profile
    /// calls one thing by another name than it did.
    fn object(&self, output: &Self::Output) -> Option<String> {
        let _ = output;
        None
    }

    /// Forgets what this machine keeps for it. Called at the end of each teardown for what does not stand any more, so that
    /// evidence is there until *Undone* is written down, and nothing is left after it.
    fn forget(&self, cx: &Cx<W>) -> impl Future<Output = Result<(), Fault>> + Send {
        let _ = cx;
        async { Ok(()) }
    }
}
