//! Who may be removed from AWS, and who may not, however it looks at first.

use fedwiz::{
    session::{Session, leavers::LeftIn},
    sim::{aws::directory::User, entra::state::Entity, world::World},
};
use serde_json::{Value, json};

use crate::{
    harness::{SimProcess, run},
    loopback::Loopback,
};

const LEAVER: &str = "leaver@contoso.com";

async fn left(session: &Session) -> LeftIn<'_> {
    let target = session.world.target("aws").unwrap();
    let left = session.left(target, &|_| {}).await;
    assert!(left.blind.is_empty(), "{:#?}", left.blind);
    left
}

/// The leaver in AWS.
fn in_aws(world: &mut World) -> (String, &mut User) {
    let instance = world.aws[0].instance.as_mut().unwrap();
    let mut users = instance.directory.users.iter_mut();
    let (id, user) = users
        .find(|(_, user)| {
            user.external_id
                .as_ref()
                .is_some_and(|known| known.id.ends_with("0009"))
        })
        .unwrap();
    (id.clone(), user)
}

fn is_there(loopback: &Loopback, id: &str) -> bool {
    let there = |world: &mut World| world.aws[0].instance.as_ref().unwrap().directory.users.contains_key(id);
    loopback.sim.with(there)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_came_back_after_the_list_was_shown_stays() {
    let loopback = Loopback::start("planted-faults").await;
    let session = loopback.session().await.unwrap();
    let found = left(&session).await;
    let leaver = found.left.people.iter().find(|rest| rest.name == LEAVER).unwrap();
    assert!(leaver.removable, "{leaver:?}");
    // Enabled again in AWS.
    let id = loopback.sim.with(|world| {
        let (id, user) = in_aws(world);
        user.active = true;
        id
    });
    assert!(!session.remove(&found, &leaver.id).await.unwrap());
    assert!(is_there(&loopback, &id));
    // Disabled in AWS, and back in Entra.
    loopback.sim.with(|world| {
        in_aws(world).1.active = false;
        let made = world.now - jiff::SignedDuration::from_hours(24);
        let object = "11111111-0000-4000-8000-000000000009";
        let props =
            json!({ "id": object, "userPrincipalName": "back@contoso.onmicrosoft.com", "accountEnabled": true });
        let props = props.as_object().unwrap().clone();
        world.entra.users.insert(object.into(), Entity { props, made });
    });
    assert!(!session.remove(&found, &leaver.id).await.unwrap());
    assert!(is_there(&loopback, &id));
    // Gone for good.
    loopback
        .sim
        .with(|world| drop(world.entra.users.remove("11111111-0000-4000-8000-000000000009")));
    assert!(session.remove(&found, &leaver.id).await.unwrap());
    assert!(!is_there(&loopback, &id));
    assert!(session.remove(&found, &leaver.id).await.unwrap(), "gone is gone");
    assert!(session.remove(&found, "somebody").await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_in_entra_under_the_same_name_is_no_leaver_whatever_the_external_id_says() {
    let loopback = Loopback::start("planted-faults").await;
    loopback.sim.with(|world| {
        in_aws(world).1.attributes["UserName"] = json!("Leaver@contoso.onmicrosoft.com");
    });
    let session = loopback.session().await.unwrap();
    let found = left(&session).await;
    let person = found
        .left
        .people
        .iter()
        .find(|rest| rest.name == "Leaver@contoso.onmicrosoft.com")
        .unwrap();
    assert_eq!(
        (person.removable, person.why.as_str()),
        (false, "is there in Entra, disabled")
    );
    assert!(!session.remove(&found, &person.id).await.unwrap());
}

/// A command that finds each organization's own keys in the credentials file.
fn leavers(sim: &SimProcess, args: &[&str]) -> std::process::Command {
    let mut command = sim.command("sync");
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        command.env_remove(name);
    }
    command
        .args(["leavers", "--token-store", "memory", "--target", "aws"])
        .args(args);
    command
}

#[test]
fn nothing_is_removed_while_any_read_fails_on_either_side() {
    let sim = SimProcess::start("planted-faults");
    let shown = run(&mut leavers(&sim, &["--json"])).expect_code(4).stdout;
    let all: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let leaver = all.iter().find(|line| line["name"] == LEAVER).unwrap();
    let id = leaver["id"].as_str().unwrap();
    for refused in [
        "ListUsers",
        "ListAccountAssignments",
        "ListPermissionSets",
        "ListAccounts",
        "/users/",
        "/deletedItems",
        "/members",
        "/appRoleAssignedTo",
    ] {
        sim.post("/weather", &json!({ "errors": { "every": 1, "only": refused } }));
        let end = run(&mut leavers(&sim, &["--approve", id, "--count", "1"])).expect_code(1);
        assert!(
            end.stderr.contains("not everything could be looked at"),
            "{refused}: {}",
            end.stderr
        );
    }
    assert_eq!(sim.writes(), 0);
    // Only one more than the limit is one too many.
    sim.post("/weather", &json!({}));
    let dangling = all
        .iter()
        .find(|line| line["id"].as_str().is_some_and(|id| id.contains('/')))
        .unwrap();
    let two = [
        "--approve",
        id,
        "--approve",
        dangling["id"].as_str().unwrap(),
        "--count",
        "2",
    ];
    run(leavers(&sim, &two).args(["--limit", "1"])).expect_code(2);
    assert_eq!(sim.writes(), 0);
    run(leavers(&sim, &two).args(["--limit", "2"])).expect_code(0);
    assert!(sim.writes() > 0);
}
