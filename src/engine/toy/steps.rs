//! The steps of the toy world.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Object, Toy};
use crate::{
    engine::{
        any::Phase,
        cx::Cx,
        guide::{Entry, Guide},
        needs::{All, Each, One},
        step::{About, Difference, Effect, Executor, Gone, How, Item, Made, Probe, Scope, Step, StepId, Undone, Wait},
    },
    fault::{Fault, Kind},
};

static FIRST: Phase<Toy> = Phase {
    title: "Begin",
    aim: "We know where we are.",
    steps: &[&Session],
};
static SECOND: Phase<Toy> = Phase {
    title: "Build",
    aim: "Things stand.",
    steps: &[&Thing, &Chore, &Arrival],
};
pub(in crate::engine) static PHASES: &[&Phase<Toy>] = &[&FIRST, &SECOND];

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub(in crate::engine) struct Out {
    id: u64,
    value: String,
}

const fn about(id: &'static str, executor: Executor, effect: Effect) -> About {
    About {
        id: StepId::new(id),
        title: id,
        why: "",
        executor,
        scope: Scope::Target,
        effect,
        proof: "GET it",
        undo: "DELETE it",
        read_more: "",
    }
}

/// Knows the account.
pub(in crate::engine) struct Session;

impl Step<Toy> for Session {
    const ABOUT: About = about("toy.session", Executor::Graph, Effect::Observes);
    type Needs = ();
    type Output = String;

    async fn probe(&self, cx: &Cx<Toy>, (): &(), known: Option<&String>) -> Result<Probe<String>, Fault> {
        let account = cx.world().call(|cloud, _| Ok(cloud.account.clone())).await?;
        Ok(match known {
            Some(known) if *known != account => Probe::Drifted {
                differences: vec![Difference::new("account", &account, known)],
                found: account,
            },
            _ => Probe::present(account, "the account answers"),
        })
    }

    async fn apply(&self, _: &Cx<Toy>, (): &(), _: Option<&String>) -> Result<String, Fault> {
        Err(Fault::new(Kind::SignIn, "the wrong account"))
    }

    async fn undo(&self, _: &Cx<Toy>, (): &(), _: &Made<String>) -> Result<Undone, Fault> {
        Err(Fault::internal("what only looks is never taken back"))
    }
}

fn judge(found: Option<Object>) -> Probe<Out> {
    let out = |object: Object| Out {
        id: object.id,
        value: object.value,
    };
    match found {
        None => Probe::Absent,
        Some(object) if object.value == "wanted" => Probe::present(out(object), "it answers"),
        Some(object) => Probe::Drifted {
            differences: vec![Difference::new("value", &object.value, "wanted")],
            found: out(object),
        },
    }
}

async fn make(cx: &Cx<Toy>, found: Option<&Out>) -> Result<Out, Fault> {
    let id = match found {
        Some(found) => {
            cx.world().set(cx.item(), "wanted").await?;
            found.id
        }
        None => {
            let refs = cx.world().spec(cx.item()).map(|spec| spec.refs).unwrap_or_default();
            cx.world().create(cx.item(), &refs).await?
        }
    };
    Ok(Out {
        id,
        value: "wanted".into(),
    })
}

async fn unmake(cx: &Cx<Toy>, made: &Made<Out>) -> Result<Undone, Fault> {
    match (&made.how, &made.before) {
        (How::Changed, Some(before)) => {
            cx.world().set(cx.item(), &before.value).await?;
            Ok(Undone::Restored)
        }
        _ => Ok(if cx.world().delete(cx.item(), made.output.id).await? {
            Undone::Removed
        } else {
            Undone::AlreadyGone
        }),
    }
}

async fn is_gone(cx: &Cx<Toy>, made: &Made<Out>) -> Result<Gone, Fault> {
    let found = cx.world().find(cx.item(), Some(made.output.id)).await?;
    Ok(match (found, &made.before) {
        (None, _) => Gone::Yes("it does not answer".into()),
        (Some(object), Some(before)) if object.value == before.value => Gone::Yes("it is as before".into()),
        _ => Gone::No,
    })
}

fn items(world: &Toy, human: bool) -> Vec<Item> {
    let specs = world.specs.lock().unwrap();
    let is_human = |name: &str| specs.iter().any(|spec| spec.name == name && spec.human);
    specs
        .iter()
        .filter(|spec| spec.human == human)
        .map(|spec| {
            let bare = Item {
                lane: spec.lane.clone(),
                ..Item::new(spec.name.clone())
            };
            spec.refs.iter().fold(bare, |item, wanted| {
                let step = if is_human(wanted) {
                    Chore::ABOUT.id
                } else {
                    Thing::ABOUT.id
                };
                item.with(step, wanted.clone())
            })
        })
        .collect()
}

/// A thing that an API makes.
pub(in crate::engine) struct Thing;

impl Step<Toy> for Thing {
    const ABOUT: About = about("toy.thing", Executor::Graph, Effect::Changes);
    type Needs = (One<Session>, Each<Thing>, Each<Chore>);
    type Output = Out;

    fn items(&self, world: &Toy, _: Option<&str>) -> Vec<Item> {
        items(world, false)
    }

    async fn probe(
        &self,
        cx: &Cx<Toy>,
        (_, things, chores): &(String, Vec<(String, Out)>, Vec<(String, Out)>),
        known: Option<&Out>,
    ) -> Result<Probe<Out>, Fault> {
        let wanted = cx
            .world()
            .spec(cx.item())
            .map_or(things.len() + chores.len(), |spec| spec.refs.len());
        assert_eq!(things.len() + chores.len(), wanted, "each need is delivered");
        Ok(judge(cx.world().find(cx.item(), known.map(|known| known.id)).await?))
    }

    fn may_stay(&self, difference: &Difference) -> bool {
        difference.found.starts_with("quirk")
    }

    fn owner(&self, _: &(String, Vec<(String, Out)>, Vec<(String, Out)>), found: &Out) -> Option<String> {
        found.value.starts_with("theirs").then(|| "Somebody".to_owned())
    }

    async fn apply(
        &self,
        cx: &Cx<Toy>,
        _: &(String, Vec<(String, Out)>, Vec<(String, Out)>),
        found: Option<&Out>,
    ) -> Result<Out, Fault> {
        make(cx, found).await
    }

    async fn undo(
        &self,
        cx: &Cx<Toy>,
        _: &(String, Vec<(String, Out)>, Vec<(String, Out)>),
        made: &Made<Out>,
    ) -> Result<Undone, Fault> {
        unmake(cx, made).await
    }

    async fn gone(
        &self,
        cx: &Cx<Toy>,
        _: &(String, Vec<(String, Out)>, Vec<(String, Out)>),
        made: &Made<Out>,
    ) -> Result<Gone, Fault> {
        is_gone(cx, made).await
    }
}

/// A thing that a person makes.
pub(in crate::engine) struct Chore;

impl Step<Toy> for Chore {
    const ABOUT: About = about("toy.chore", Executor::Human, Effect::Changes);
    type Needs = (One<Session>, Each<Thing>, Each<Chore>);
    type Output = Out;

    fn items(&self, world: &Toy, _: Option<&str>) -> Vec<Item> {
        items(world, true)
    }

    async fn probe(
        &self,
        cx: &Cx<Toy>,
        _: &(String, Vec<(String, Out)>, Vec<(String, Out)>),
        known: Option<&Out>,
    ) -> Result<Probe<Out>, Fault> {
        if cx.item().starts_with("blind") {
            return Ok(Probe::CannotTell("nobody can look there".into()));
        }
        Ok(judge(cx.world().find(cx.item(), known.map(|known| known.id)).await?))
    }

    async fn apply(
        &self,
        cx: &Cx<Toy>,
        _: &(String, Vec<(String, Out)>, Vec<(String, Out)>),
        found: Option<&Out>,
    ) -> Result<Out, Fault> {
        cx.world().cloud().asked += 1;
        let mut guide = Guide::new("Make it by hand");
        if cx.item().starts_with("asks") {
            guide = guide.field("name", "Name", "as it is shown", Entry::Line);
        }
        cx.ask(guide).await?;
        if cx.item().starts_with("blind") {
            return Ok(Out {
                id: 0,
                value: "wanted".into(),
            });
        }
        make(cx, found).await
    }

    async fn undo(
        &self,
        cx: &Cx<Toy>,
        _: &(String, Vec<(String, Out)>, Vec<(String, Out)>),
        made: &Made<Out>,
    ) -> Result<Undone, Fault> {
        cx.ask(Guide::new("Take it away by hand")).await?;
        if cx.item().starts_with("blind") {
            return Ok(Undone::Kept("nobody can look there".into()));
        }
        unmake(cx, made).await
    }

    async fn gone(
        &self,
        cx: &Cx<Toy>,
        _: &(String, Vec<(String, Out)>, Vec<(String, Out)>),
        made: &Made<Out>,
    ) -> Result<Gone, Fault> {
        if cx.item().starts_with("blind") {
            return Ok(Gone::CannotTell("nobody can look there".into()));
        }
        is_gone(cx, made).await
    }
}

/// Waits for a sign from outside, when the world says that one is to come.
pub(in crate::engine) struct Arrival;

impl Step<Toy> for Arrival {
    const ABOUT: About = about("toy.arrival", Executor::Wait, Effect::Observes);
    type Needs = (All<Thing>,);
    type Output = String;

    fn items(&self, world: &Toy, _: Option<&str>) -> Vec<Item> {
        world
            .arrives_at
            .lock()
            .unwrap()
            .map(|_| Item::only())
            .into_iter()
            .collect()
    }

    async fn probe(&self, cx: &Cx<Toy>, _: &(Vec<(String, Out)>,), _: Option<&String>) -> Result<Probe<String>, Fault> {
        let at = cx.world().arrives_at.lock().unwrap().unwrap_or_default();
        Ok(if cx.now() >= at {
            Probe::present("here".to_owned(), "it has arrived")
        } else {
            Probe::Pending(Wait {
                why: "the sign to arrive".into(),
                ends_when: "it is there".into(),
                every: Duration::from_secs(30),
                limit: Duration::from_secs(3600),
            })
        })
    }

    async fn apply(&self, _: &Cx<Toy>, _: &(Vec<(String, Out)>,), _: Option<&String>) -> Result<String, Fault> {
        Err(Fault::internal("there is nothing to do but wait"))
    }

    async fn undo(&self, _: &Cx<Toy>, _: &(Vec<(String, Out)>,), _: &Made<String>) -> Result<Undone, Fault> {
        Err(Fault::internal("what only looks is never taken back"))
    }
}
