//! What was there before is used, shown as adopted, and survives the teardown.

use fedwiz::engine::{fact::Intent, step::How};
use serde_json::Value;

use crate::loopback::Loopback;

/// Every id that stands in a state.
fn ids(state: &Value, into: &mut Vec<String>) {
    match state {
        Value::Array(items) => items.iter().for_each(|item| ids(item, into)),
        Value::Object(members) => {
            for (key, value) in members {
                match value.as_str() {
                    Some(id) if ["id", "UserId", "arn", "PermissionSetArn"].contains(&key.as_str()) => {
                        into.push(id.to_owned())
                    }
                    _ => ids(value, into),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn what_was_there_is_adopted_and_survives() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let loopback = Loopback::start("half-done").await;
        Loopback::must_end_well(&loopback.run(Intent::Up).await);
        let standing = loopback.standing().await;
        let how = |step: &str| -> Vec<How> {
            standing
                .iter()
                .filter(|(id, _)| id.starts_with(step))
                .map(|(_, how)| *how)
                .collect()
        };
        assert_eq!(how("entra.app"), [How::Adopted], "{standing:?}");
        assert!(how("entra.user[").contains(&How::Adopted), "{standing:?}");
        assert!(how("aws.permission-set[").contains(&How::Adopted), "{standing:?}");
        let writes = loopback.sim.writes();
        Loopback::must_end_well(&loopback.run(Intent::Up).await);
        assert_eq!(loopback.sim.writes(), writes, "a second apply wrote something");
        Loopback::must_end_well(&loopback.run(Intent::Down).await);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        ids(&loopback.before, &mut before);
        ids(&loopback.sim.state_json(), &mut after);
        before.sort();
        after.sort();
        assert!(before.len() >= 4, "{before:?}");
        assert_eq!(before, after, "adopted objects went, or something is left");
        assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
    });
}
