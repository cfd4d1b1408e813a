//! Where things are in both consoles, for worksheets: the beginnings that guides by hand share.

use super::{World, application::EnterpriseApp, preflight_aws::AwsInstance};
use crate::{
    clients::aws::{Instance, Partition},
    engine::{
        declared::{Declared, Term},
        guide::Guide,
        known,
    },
};

/// What is known of a node without looking.
pub(super) type Known<'k> = known::Known<'k, World>;

/// A guide that begins in the Entra admin center.
pub(super) fn in_entra(known: &Known<'_>, title: &str, place: &str) -> Guide {
    Guide::new(title)
        .open(known.world().entra.cloud().portal)
        .say(format!("In the Microsoft Entra admin center choose {place}."))
}

/// A guide that begins at the enterprise application.
pub(super) fn at_the_app(known: &Known<'_>, title: &str, place: &str) -> Guide {
    let name = known.world().application_name(known.target());
    in_entra(
        known,
        title,
        &format!("Entra ID > Enterprise apps, then {name}, then {place}"),
    )
}

/// A guide that begins in the IAM Identity Center console.
pub(super) fn in_identity_center(known: &Known<'_>, title: &str, page: &str, place: &str) -> Guide {
    let instance = instance(known);
    Guide::new(title).open(instance.console_page(page)).say(format!(
        "In the IAM Identity Center console, Region {}, choose {place}.",
        instance.region
    ))
}

/// The instance, as far as it is known: before anybody has looked, only its Region is, from the profile.
pub(super) fn instance(known: &Known<'_>) -> Instance {
    known.one::<AwsInstance>().unwrap_or_else(|| {
        let target = known.world().profile.target(known.target());
        let region = target.and_then(|target| target.region.clone());
        let partition = region
            .as_deref()
            .map_or("aws", |region| Partition::of_region(region).id);
        Instance {
            arn: format!("arn:{partition}:sso:::instance/"),
            store: "d-…".into(),
            owner: String::new(),
            region: region.unwrap_or_else(|| "of your instance".into()),
            regions: Vec::new(),
            status: String::new(),
            permission_sets: None,
            kms_key: None,
        }
    })
}

/// The instance's ARN, read where the documents read it from.
pub(super) fn instance_arn(known: &Known<'_>, instance: &Instance) -> Term {
    let arns = Term::of("aws_ssoadmin_instances", known.target(), "arns", &instance.arn);
    Term::First(Box::new(arns))
}

/// The identity store's id, read where the documents read it from.
pub(super) fn store_id(known: &Known<'_>, instance: &Instance) -> Term {
    let stores = Term::of(
        "aws_ssoadmin_instances",
        known.target(),
        "identity_store_ids",
        &instance.store,
    );
    Term::First(Box::new(stores))
}

/// What belongs to the application, and is gone with it.
pub(super) fn with_the_app(known: &Known<'_>, declared: Declared) -> Declared {
    known.one::<EnterpriseApp>().map_or(Declared::Nothing, |_| declared)
}

/// What is not taken over, so that nothing that stood before can be destroyed with it.
pub(super) fn stood_before() -> Declared {
    Declared::Not("it was there before fedwiz came; taken over, it could be destroyed with the rest".into())
}

/// A value, if it is known.
pub(super) fn value_if(guide: Guide, label: &str, value: Option<impl Into<String>>) -> Guide {
    match value {
        Some(value) => guide.value(label, value),
        None => guide,
    }
}
