//! `fedwiz replay`: a past run, told from its journal. Nothing is looked at and nothing is changed.

use super::{
    args,
    out::{self, Colour},
    tell::Manner,
};
use crate::{
    engine::journal::Journal,
    fault::{Fault, Kind},
    report::{
        Reporter,
        json::Json,
        outline::Outline,
        plain::{Plain, Telling},
        replay::replay,
    },
    steps::rotation,
};

pub(super) fn run(args: &args::Replay, colour: Colour) -> Result<(), Fault> {
    if !args.journal.is_file() {
        return Err(
            Fault::new(Kind::Journal, format!("there is no journal {}", args.journal.display()))
                .hint("`fedwiz status` says where a federation's journal lies."),
        );
    }
    let (events, tail) = Journal::facts(&args.journal)?;
    if let Some(warning) = tail.warning() {
        out::note(&format!("note: {warning}."));
    }
    let manner = Manner::new(&args.told, colour, 0);
    let mut reporter: Box<dyn Reporter> = if manner.json {
        Box::new(Json::new(manner.stdout()))
    } else {
        let telling = Telling {
            style: manner.style,
            ..Telling::default()
        };
        Box::new(Plain::new(manner.stdout(), telling))
    };
    replay(Outline::new(&rotation::every_phase()), events, &mut *reporter)
        .map(drop)
        .map_err(|error| Fault::new(Kind::File, "stdout cannot be written to").why(error.to_string()))
}
