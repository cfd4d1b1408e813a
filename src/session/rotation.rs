//! A rotation on what stands: which round is gone through, its two parts, and who must wait until it is over.

use std::sync::Arc;

use super::{JOURNAL, PROGRAM, Session, Setup};
use crate::{
    clients::retry,
    engine::{
        driver::{Driver, Options},
        fact::Intent,
        guide::Operator,
        journal::Journal,
        outcome::Outcome,
        recorder::Recorder,
        run::Run,
        select::Selection,
    },
    fault::{Fault, Kind},
    profile::Profile,
    steps::{
        World,
        rotation::{Rotation, Round, Rounds},
    },
};

/// One of the two parts of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its own steps: what is new is made, put to use and proved, and what is old goes.
    Turn,
    /// The set-up's steps whose record has changed are looked at once more, and the round is closed.
    Record,
}

impl Part {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::Turn, Self::Record];
}

/// The targets of a profile, each with its name as journals have it: none where there is only one.
fn targets(profile: &Profile) -> impl Iterator<Item = (&str, Option<&str>)> {
    let several = profile.aws.len() > 1;
    let names = profile.aws.iter().map(|target| target.name.as_str());
    names.map(move |name| (name, several.then_some(name)))
}

/// The rounds of these targets; of all, when none is named.
fn rounds(rotation: Rotation, run: &Run, profile: &Profile, chosen: &[String]) -> Result<Vec<(String, Round)>, Fault> {
    if let Some(name) = chosen
        .iter()
        .find(|name| profile.aws.iter().all(|target| target.name != **name))
    {
        return Err(Fault::new(
            Kind::Usage,
            format!("there is no AWS target `{name}` in this profile"),
        ));
    }
    let wanted = |name: &str| chosen.is_empty() || chosen.iter().any(|chosen| chosen == name);
    Ok(targets(profile)
        .filter(|(name, _)| wanted(name))
        .map(|(name, id)| (name.to_owned(), rotation.round(run, id)))
        .collect())
}

impl Session {
    /// Opens the journal for a rotation in these targets: the one that was begun, else a new one.
    pub async fn rotate(setup: Setup, rotation: Rotation, chosen: &[String]) -> Result<Self, Fault> {
        let (journal, recorded) = Journal::open(&setup.folder.join(JOURNAL), PROGRAM)?;
        let tail = recorded.tail;
        let recorder = Recorder::on(journal, recorded, setup.clock.clone())?;
        let found = recorder.with_run(|run| {
            Rotation::ALL
                .into_iter()
                .filter(|other| *other != rotation)
                .try_for_each(|other| none_open(other, run, &setup.profile))?;
            rounds(rotation, run, &setup.profile, chosen)
        })?;
        let mut open = Rounds::default();
        for (name, round) in found {
            open.set(rotation, &name, round.number);
        }
        Self::build(setup, recorder, tail, retry::Policy::default(), Some((rotation, open))).await
    }

    /// Opens the journal to take back the rotation that was begun in these targets. Refused where none is open, and where
    /// one cannot be taken back any more.
    pub async fn unrotate(setup: Setup, rotation: Rotation, chosen: &[String]) -> Result<Self, Fault> {
        let recorded = Journal::read(&setup.folder.join(JOURNAL))?;
        let found = rounds(rotation, &recorded.run, &setup.profile, chosen)?;
        let open: Vec<&(String, Round)> = found.iter().filter(|(_, round)| round.open).collect();
        let word = rotation.word();
        if open.is_empty() {
            let what = format!("no rotation of the {} is open", rotation.what());
            return Err(Fault::new(Kind::Usage, what).why("none was begun, or it came to its end"));
        }
        if open.iter().any(|(_, round)| round.past_return) {
            return Err(Fault::new(
                Kind::Conflict,
                format!("The rotation of the {} cannot be taken back any more", rotation.what()),
            )
            .why("the old one is gone, or may be")
            .hint(format!("Finish it: `fedwiz rotate {word}`.")));
        }
        let names: Vec<String> = open.into_iter().map(|(name, _)| name.clone()).collect();
        Self::rotate(setup, rotation, &names).await
    }

    /// A driver over one part of a rotation, and nothing that it rests on.
    pub fn rotating(&self, rotation: Rotation, part: Part, operator: Arc<dyn Operator>) -> Driver<World> {
        let steps: Vec<String> = match part {
            Part::Turn => rotation.steps().map(|step| step.to_string()).collect(),
            Part::Record => {
                let recorded = rotation.recorded_by().iter().map(|step| (*step).to_owned());
                recorded.chain([rotation.last().to_string()]).collect()
            }
        };
        let targets = targets(&self.profile)
            .filter(|(name, _)| self.world.rounds.number(rotation, name).is_some())
            .map(|(name, _)| name.to_owned());
        let selection = Selection {
            targets: targets.collect(),
            only: steps,
        };
        let options = Options {
            alone: true,
            ..self.options(selection)
        };
        self.driver_of(operator, options)
    }

    /// Goes through both parts of a rotation; the second only when the first has come to a good end.
    pub async fn rotated(&self, rotation: Rotation, operator: Arc<dyn Operator>) -> Result<Outcome, Fault> {
        let turned = self
            .rotating(rotation, Part::Turn, Arc::clone(&operator))
            .run(Intent::Up)
            .await?;
        if turned.exit_code() != 0 {
            return Ok(turned);
        }
        self.rotating(rotation, Part::Record, operator).run(Intent::Up).await
    }

    /// A fault while a rotation is open: whoever sets up, repairs or takes back meanwhile would fight it.
    pub fn no_rotation_is_open(&self) -> Result<(), Fault> {
        let open = |rotation: Rotation| self.recorder.with_run(|run| none_open(rotation, run, &self.profile));
        Rotation::ALL.into_iter().try_for_each(open)
    }
}

fn none_open(rotation: Rotation, run: &Run, profile: &Profile) -> Result<(), Fault> {
    let Some((name, _)) = targets(profile).find(|(_, id)| rotation.round(run, *id).holds) else {
        return Ok(());
    };
    let (what, word) = (rotation.what(), rotation.word());
    Err(Fault::new(
        Kind::Conflict,
        format!("A rotation of the {what} of `{name}` is not finished"),
    )
    .why("until then there are two, and only the rotation knows what becomes of each")
    .hint(format!(
        "Finish it with `fedwiz rotate {word}`, or take it back with `fedwiz rotate {word} --cancel`."
    )))
}
