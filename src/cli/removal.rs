//! What `apply` takes away because the profile does not name it, and the question before that.

use super::{args::Removals, consent, out};
use crate::{
    engine::{graph::NodeId, select::Selection},
    fault::{Fault, Kind},
    session::Session,
};

/// So many are named in a question.
const NAMED: usize = 20;

/// What goes: what is left over and may go, and what is listed.
pub(super) fn agreed(session: &Session, part: &Selection, removals: &Removals) -> Result<Vec<NodeId>, Fault> {
    let mut goes = session.leftovers(part, &removals.also)?.goes;
    if removals.keep {
        goes.retain(|node| removals.also.contains(&node.to_string()));
    }
    let names: Vec<String> = goes.iter().map(ToString::to_string).collect();
    if let Some(name) = removals.also.iter().find(|name| !names.contains(name)) {
        return Err(
            Fault::new(Kind::Usage, format!("`{name}` is in another part of the walk"))
                .why("--only and --target leave it out")
                .hint("Name it with --only as well, or leave both out."),
        );
    }
    Ok(goes)
}

/// Asks before anything goes, and before anything is made.
pub(super) fn confirm(session: &Session, goes: &[NodeId]) -> Result<(), Fault> {
    if goes.is_empty() {
        return Ok(());
    }
    let these = match goes.len() {
        1 => "this step".to_owned(),
        many => format!("these {many} steps"),
    };
    for node in goes.iter().take(NAMED) {
        out::note(&format!("  − {node}"));
    }
    if goes.len() > NAMED {
        out::note(&format!("  and {} more: `fedwiz plan` lists them", goes.len() - NAMED));
    }
    let name = &session.profile.federation;
    let nobody = Fault::new(
        Kind::NeedsPerson,
        format!("nobody confirmed that {these} go, which the profile of `{name}` does not name"),
    )
    .hint(format!(
        "Look at `fedwiz plan`, then run `{0} --yes`; or leave them with `{0} --keep`.",
        super::again()
    ));
    consent::yes(
        &format!("The profile of `{name}` does not name {these}. Take away what they made, after all else is made?"),
        nobody,
    )
}
