//! Assignments of somebody who is gone: they are named by the id that is left of them, and go when they are listed.

use fedwiz::{
    engine::{fact::Intent, select::Selection},
    fault::Kind,
    sim::aws::{directory::Directory, organization::Assignment},
};

use crate::loopback::Loopback;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assignment_of_somebody_who_is_gone_goes_by_their_id_when_listed() {
    let loopback = Loopback::start("fresh").await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let ids = loopback.sim.with(|world| {
        let org = &mut world.aws[0];
        let account = org.management.clone();
        let instance = org.instance.as_mut().expect("an instance");
        let set = instance.set_named("AdministratorAccess").expect("a set").0.clone();
        [("USER", 7), ("GROUP", 8)].map(|(kind, number)| {
            let principal = Directory::new_id(&instance.store_id, uuid::Uuid::from_u128(number));
            instance.assignments.insert(Assignment {
                account: account.clone(),
                permission_set: set.clone(),
                principal_type: kind.into(),
                principal: principal.clone(),
            });
            principal
        })
    });
    let name = |who: &str| format!("aws.assignment[{who} · management · AdministratorAccess]");
    let listed = [name(&ids[0]), name(&format!("group:{}", ids[1]))];
    let (lines, _) = loopback.check_with_others().await;
    for one in &listed {
        let line = format!("{one} assignment: made by others → not in the profile");
        assert!(lines.contains(&line), "{line} is not in {lines:?}");
    }
    let count = || {
        loopback
            .sim
            .with(|world| world.aws[0].instance.as_ref().expect("an instance").assignments.len())
    };
    let before = count();
    for (gone, one) in listed.iter().enumerate() {
        // Once, and once more: it stays gone.
        for _ in 0..2 {
            let outcome = loopback.agreeing(Intent::Up, Selection::default(), &[one]).await;
            Loopback::must_end_well(&outcome.expect("a run"));
            assert_eq!(count(), before - 1 - gone);
        }
    }
    assert_eq!(loopback.check_with_others().await.0, Vec::<String>::new());
    let nobody = name("0123456789-00000000-0000-0000-0000-000000000000");
    let outcome = loopback.agreeing(Intent::Up, Selection::default(), &[&nobody]).await;
    assert_eq!(outcome.expect("a run").failed[0].1.kind, Kind::NotFound);
    assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
}
