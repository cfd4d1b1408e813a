//! `Known`: what is known of a node without looking. For documents, which are made from the facts alone.

use super::{
    graph::NodeId,
    guide::Guide,
    needs::read_output,
    run::{Run, Standing},
    step::{How, Scope, Step, World},
};

/// What is known of a node without looking: its world, whose clients are not to be called, and what the facts say stands.
pub struct Known<'k, W> {
    world: &'k W,
    run: &'k Run,
    node: &'k NodeId,
    target: &'k str,
}

impl<'k, W: World> Known<'k, W> {
    /// For this node; `target` is its AWS target's name, and empty for a node of the tenant.
    pub fn new(world: &'k W, run: &'k Run, node: &'k NodeId, target: &'k str) -> Self {
        Self {
            world,
            run,
            node,
            target,
        }
    }

    /// The world.
    pub fn world(&self) -> &'k W {
        self.world
    }

    /// The name of the AWS target. Empty for a step of the tenant.
    pub fn target(&self) -> &'k str {
        self.target
    }

    /// The item's key. Empty for a step that has no items.
    pub fn item(&self) -> &'k str {
        &self.node.item
    }

    /// Whether fedwiz made it. What was there before is never to be taken over by what may delete it.
    pub fn is_made<S: Step<W>>(&self, item: &str) -> bool {
        self.standing::<S>(item)
            .is_some_and(|standing| standing.how == How::Made)
    }

    /// The items of another step that this node was begun with.
    pub fn refs(&self) -> &'k [(String, String)] {
        self.run.node(self.node).map_or(&[], |node| &node.refs)
    }

    /// What tells a step's node of this item from all others of the step: the item, the target, or both.
    pub fn name_of<S: Step<W>>(&self, item: &str) -> String {
        match (S::ABOUT.scope, &self.node.target) {
            (Scope::Tenant, _) => item.to_owned(),
            (Scope::Target, _) if item.is_empty() => self.target.to_owned(),
            (Scope::Target, None) => item.to_owned(),
            (Scope::Target, Some(target)) => format!("{target} {item}"),
        }
    }

    /// What stands of the single node of a step, in the same target or the tenant.
    pub fn one<S: Step<W>>(&self) -> Option<S::Output> {
        self.of::<S>("")
    }

    /// What stands of a step's node of this item, in the same target or the tenant.
    pub fn of<S: Step<W>>(&self, item: &str) -> Option<S::Output> {
        read_output::<W, S>(&self.standing::<S>(item)?.output.value()).ok()
    }

    /// How and what stands of a step's node of this item.
    pub fn standing<S: Step<W>>(&self, item: &str) -> Option<&'k Standing> {
        let target = match S::ABOUT.scope {
            Scope::Tenant => None,
            Scope::Target => self.node.target.clone(),
        };
        let id = NodeId {
            target,
            step: S::ABOUT.id.as_str().to_owned(),
            item: item.to_owned(),
        };
        self.run.node(&id)?.standing.as_ref()
    }
}

/// How people do a step by hand: the guides for setting it up, and for taking it back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ByHand {
    /// Setting it up.
    pub up: Vec<Guide>,
    /// Taking it back.
    pub down: Vec<Guide>,
}

impl ByHand {
    /// Set up this way.
    pub fn up(guide: Guide) -> Self {
        Self {
            up: vec![guide],
            down: Vec::new(),
        }
    }

    /// And this way.
    #[must_use]
    pub fn and(mut self, guide: Guide) -> Self {
        self.up.push(guide);
        self
    }

    /// Taken back this way.
    #[must_use]
    pub fn down(mut self, guide: Guide) -> Self {
        self.down.push(guide);
        self
    }
}
