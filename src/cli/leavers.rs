//! `fedwiz sync leavers`: what people left behind in AWS; removed only from a list that the operator approved.

use std::{collections::BTreeSet, process::ExitCode};

use super::{
    Stop,
    args::Leavers,
    consent,
    doctor::{Telling, exit_of},
    out,
    tell::Manner,
};
use crate::{
    engine::exit::Exit,
    fault::{Fault, Kind},
    report::{
        findings,
        json::Json,
        leavers::{self, Fate, Rest},
        view::View,
    },
    session::{Session, leavers::LeftIn},
    steps::Target,
};

/// Shows what is left, or removes what is approved of it.
pub(super) async fn run(
    session: &Session,
    chosen: &[&Target],
    asked: &Leavers,
    manner: &Manner,
) -> Result<ExitCode, Stop> {
    let approved = approved(asked)?;
    let telling = Telling::new(manner);
    let mut all = Vec::new();
    for target in chosen {
        all.push(session.left(target, &|what| telling.tell(what)).await);
    }
    telling.end();
    let view = session.recall()?;
    if let Some(approved) = approved {
        return remove(session, &all, &approved, asked, manner, &view).await;
    }
    let now = session.clock().now();
    for found in &all {
        let told = if manner.json {
            let mut json = Json::new(manner.stdout());
            let name = &found.target.name;
            found
                .left
                .all()
                .try_for_each(|rest| leavers::json(&mut json, &view, now, name, rest, Fate::Left))
                .and_then(|()| findings::json(&mut json, &view, now, &[], &found.blind))
        } else {
            leavers::write(manner.stdout(), manner.style, &found.left)
                .and_then(|()| findings::write(manner.stdout(), manner.style, &[], &found.blind))
        };
        told.map_err(|error| cannot(&error))?;
    }
    let removable = all
        .iter()
        .flat_map(|found| found.left.all())
        .filter(|rest| rest.removable)
        .count();
    let blind = all.iter().any(|found| !found.blind.is_empty());
    if removable > 0 {
        out::note(&format!(
            "{removable} may be removed: keep the lines that are to go in a file, then `{} --remove FILE`.",
            super::again()
        ));
    }
    Ok(ExitCode::from(exit_of(removable > 0, blind).code()))
}

/// The ids that the operator approved, from the command line and a file; none when nothing is to be removed.
fn approved(asked: &Leavers) -> Result<Option<BTreeSet<String>>, Fault> {
    let mut ids: BTreeSet<String> = asked.approve.iter().cloned().collect();
    if let Some(file) = &asked.remove {
        let text = std::fs::read_to_string(file).map_err(|error| {
            Fault::new(Kind::Usage, format!("the list {} cannot be read", file.display())).why(error.to_string())
        })?;
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
        ids.extend(
            lines
                .filter_map(|line| line.split_whitespace().next())
                .map(str::to_owned),
        );
        if ids.is_empty() {
            return Err(
                Fault::new(Kind::Usage, format!("the list {} names nothing", file.display()))
                    .hint("Each line begins with the id of something to remove; after `#` stands what you like."),
            );
        }
    }
    Ok((!ids.is_empty()).then_some(ids))
}

async fn remove(
    session: &Session,
    all: &[LeftIn<'_>],
    approved: &BTreeSet<String>,
    asked: &Leavers,
    manner: &Manner,
    view: &View,
) -> Result<ExitCode, Stop> {
    if let Some(one) = all.iter().flat_map(|found| &found.blind).next() {
        return Err(
            Fault::new(Kind::Refused, "nothing is removed: not everything could be looked at")
                .why(format!("{} ({}): {}", one.object, one.side, one.fault))
                .hint("Mend that first: who cannot be looked at may be somebody who is still there.")
                .into(),
        );
    }
    let mut chosen: Vec<(&LeftIn<'_>, &Rest)> = Vec::new();
    for id in approved {
        let found = all
            .iter()
            .find_map(|found| Some((found, found.left.all().find(|rest| rest.id == *id)?)));
        match found {
            Some((found, rest)) if rest.removable => chosen.push((found, rest)),
            Some((_, rest)) => {
                return Err(Fault::new(
                    Kind::Refused,
                    format!("{} may not be removed: nothing was done", rest.name),
                )
                .why(rest.why.clone())
                .hint("Take it out of the list.")
                .into());
            }
            None => {
                return Err(Fault::new(
                    Kind::Refused,
                    format!("`{id}` is not among what is left: nothing was done"),
                )
                .why("it is gone, or somebody who is still there")
                .hint("`fedwiz sync leavers` shows what is left now.")
                .into());
            }
        }
    }
    if chosen.len() > asked.limit {
        return Err(Fault::new(
            Kind::Usage,
            format!(
                "{} are more than the {} that one run removes",
                chosen.len(),
                asked.limit
            ),
        )
        .hint("Shorten the list, or raise `--limit`.")
        .into());
    }
    confirm(chosen.len(), asked.count)?;
    let mut stays = false;
    for (found, rest) in chosen {
        let fate = if session.remove(found, &rest.id).await? {
            Fate::Removed
        } else {
            stays = true;
            Fate::Stays
        };
        let told = if manner.json {
            let now = session.clock().now();
            leavers::json(
                &mut Json::new(manner.stdout()),
                view,
                now,
                &found.target.name,
                rest,
                fate,
            )
        } else {
            leavers::write_fate(manner.stdout(), manner.style, rest, fate)
        };
        told.map_err(|error| cannot(&error))?;
    }
    let exit = if stays { Exit::Findings } else { Exit::Done };
    Ok(ExitCode::from(exit.code()))
}

/// Has the number typed of what is to go, at the terminal or as `--count`.
fn confirm(many: usize, count: Option<usize>) -> Result<(), Fault> {
    let wrong = |given: &str| {
        Err(Fault::new(
            Kind::Stopped,
            format!("{many} would go, and `{given}` was typed: nothing was done"),
        )
        .hint("Look at the list again."))
    };
    match count {
        Some(count) if count == many => return Ok(()),
        Some(count) => return wrong(&count.to_string()),
        None => {}
    }
    let nobody = Fault::new(Kind::NeedsPerson, "nobody typed how many are to go: nothing was done")
        .hint(format!("Look at the list, then run `{} --count N`.", super::again()));
    let typed = consent::typed("They go for good, with their assignments. Type how many: ", nobody)?;
    if typed == many.to_string() {
        Ok(())
    } else {
        wrong(&typed)
    }
}

fn cannot(error: &std::io::Error) -> Fault {
    Fault::new(Kind::File, "stdout cannot be written to").why(error.to_string())
}
