//! Rotations: what stands gets a new token or a new certificate, without a gap.
//!
//! A rotation is a small graph of its own, walked by the same driver and kept in the same journal. It rests on what the
//! set-up recorded, and changes nothing else of it. Each one is a *round*: its steps carry the round's number as their item,
//! so that the journal tells them apart. First its own steps are gone through, then the set-up's steps whose record has
//! changed by it are looked at once more, so that the record is right again; the last step closes the round.

use std::collections::HashMap;

use super::{PHASES, rotate_certificate, rotate_token, world::World};
use crate::engine::{
    any::Phase,
    graph::NodeId,
    run::{NodeRun, Run},
    step::{Item, StepId},
};

/// What can be rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rotation {
    /// The SCIM token.
    Token,
    /// The certificate that assertions are signed with.
    Certificate,
}

/// The numbers of the rounds that are gone through, by what is rotated and in which target. Empty but for a rotation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rounds(HashMap<(Rotation, String), u32>);

impl Rounds {
    /// Goes through this round of a target.
    pub fn set(&mut self, rotation: Rotation, target: &str, number: u32) {
        self.0.insert((rotation, target.to_owned()), number);
    }

    /// The number of a target's round, if it is gone through.
    pub fn number(&self, rotation: Rotation, target: &str) -> Option<u32> {
        self.0.get(&(rotation, target.to_owned())).copied()
    }
}

/// How far a target's latest round has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Its number: of the one that is open, else of the next.
    pub number: u32,
    /// Whether it was begun and has not come to its end.
    pub open: bool,
    /// Whether something of it is or may be there: others must wait. Who was asked in vain has done nothing.
    pub holds: bool,
    /// Whether it cannot be taken back any more.
    pub past_return: bool,
}

impl Rotation {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Token, Self::Certificate];

    /// The word of the command.
    pub fn word(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Certificate => "certificate",
        }
    }

    /// What is rotated, in words.
    pub fn what(self) -> &'static str {
        match self {
            Self::Token => "SCIM token",
            Self::Certificate => "signing certificate",
        }
    }

    /// What a rotation does, in one sentence, for whoever is asked whether to begin.
    pub fn announced(self) -> &'static str {
        match self {
            Self::Token => {
                "This makes a second SCIM token, gives it to Entra, sees a cycle with it, and has the old one deleted"
            }
            Self::Certificate => {
                "This makes a second signing certificate, has AWS import it, has Entra sign with it, sees a sign-in with it, and \
                 takes the old one away on both sides"
            }
        }
    }

    /// Its steps, by phases.
    pub fn phases(self) -> &'static [&'static Phase<World>] {
        match self {
            Self::Token => rotate_token::PHASES,
            Self::Certificate => rotate_certificate::PHASES,
        }
    }

    /// Its own steps, without the one that closes it.
    pub fn steps(self) -> impl Iterator<Item = StepId> {
        let phases = self.phases();
        let own = &phases[..phases.len() - 1];
        own.iter().flat_map(|phase| phase.steps).map(|step| step.about().id)
    }

    /// The step that closes a round.
    pub fn last(self) -> StepId {
        match self {
            Self::Token => rotate_token::RECORDED,
            Self::Certificate => rotate_certificate::RECORDED,
        }
    }

    /// The step that makes what is new: first begun, and last taken back.
    fn first(self) -> StepId {
        match self {
            Self::Token => rotate_token::NEW,
            Self::Certificate => rotate_certificate::NEW,
        }
    }

    /// The steps that cannot be taken back.
    fn without_return(self) -> &'static [StepId] {
        match self {
            Self::Token => &[rotate_token::OLD, rotate_token::KEEP],
            Self::Certificate => &[rotate_certificate::OLD, rotate_certificate::OLD_AT_AWS],
        }
    }

    /// The steps of the set-up whose record changes.
    pub fn recorded_by(self) -> &'static [&'static str] {
        match self {
            Self::Token => &["scim.token", "scim.credentials"],
            Self::Certificate => &[
                "entra.certificate",
                "entra.certificate-active",
                "saml.idp-metadata",
                "saml.identity-source",
            ],
        }
    }

    /// How far the latest round of a target has come. `target` is as journals name it: none where there is only one.
    pub fn round(self, run: &Run, target: Option<&str>) -> Round {
        let numbers = run.nodes().into_iter().filter_map(|(id, _)| {
            let ours = id.step == self.first().as_str() && id.target.as_deref() == target;
            ours.then(|| id.item.parse::<u32>().ok()).flatten()
        });
        let Some(number) = numbers.max() else {
            return Round {
                number: 1,
                open: false,
                holds: false,
                past_return: false,
            };
        };
        let node = |step: StepId| {
            run.node(&NodeId {
                target: target.map(str::to_owned),
                step: step.to_string(),
                item: number.to_string(),
            })
        };
        let there = |node: Option<&NodeRun>| {
            node.is_some_and(|node| node.kept.is_none() && (node.standing.is_some() || node.begun.is_some()))
        };
        let done = node(self.last()).is_some_and(|node| node.standing.is_some());
        let open = there(node(self.first())) && !done;
        // Who was asked and did not answer may not have done it.
        let acted = |node: &NodeRun| node.standing.is_some() || node.begun.as_ref().is_some_and(|begun| !begun.in_vain);
        let mut without_return = self.without_return().iter();
        Round {
            number: if open { number } else { number + 1 },
            open,
            holds: open && node(self.first()).is_some_and(acted),
            past_return: open && without_return.any(|&step| node(step).is_some_and(acted)),
        }
    }
}

/// The phases of the walk, and after them those of all rotations.
pub fn every_phase() -> Vec<&'static Phase<World>> {
    let rotations = Rotation::ALL.into_iter().flat_map(Rotation::phases);
    PHASES.iter().chain(rotations).copied().collect()
}

/// Whether a step belongs to a rotation and not to the set-up.
pub fn is_rotation(step: &str) -> bool {
    step.starts_with("rotate.")
}

/// The node of a step in the round that is gone through, if one is.
pub(super) fn item(rotation: Rotation, world: &World, target: Option<&str>) -> Vec<Item> {
    let number = world.rounds.number(rotation, target.unwrap_or_default());
    number.map(|number| Item::new(number.to_string())).into_iter().collect()
}
