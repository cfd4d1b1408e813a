//! Who is calling: the one question that needs no rights.

use serde::{Deserialize, Serialize};

use super::{
    Aws,
    error::{Op, Service},
    partition::Partition,
};
use crate::fault::{Fault, Kind};

/// The caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The account it belongs to.
    pub account: String,
    /// Its ARN.
    pub arn: String,
    /// The partition it lives in.
    pub partition: String,
}

impl Caller {
    /// Whether it came in through Identity Center, the very door that is about to get a new lock.
    pub fn is_identity_center_role(&self) -> bool {
        self.arn.contains("AWSReservedSSO_")
    }

    /// The last part of its ARN: what people know it by.
    pub fn short_name(&self) -> &str {
        self.arn.splitn(6, ':').nth(5).unwrap_or(&self.arn)
    }
}

impl Aws {
    /// Asks AWS who the caller is.
    pub async fn caller(&self) -> Result<Caller, Fault> {
        let region = self.region().await?;
        let sts = &self.services(&region).await?.sts;
        let op = Op::reads(Service::Sts, "GetCallerIdentity");
        let answer = self.call(op, &region, || sts.get_caller_identity().send()).await?;
        let (Some(account), Some(arn)) = (answer.account, answer.arn) else {
            return Err(Fault::new(Kind::Answer, "AWS does not say who the caller is"));
        };
        let partition = Partition::of_arn(&arn)?.id.to_owned();
        Ok(Caller {
            account,
            arn,
            partition,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_of_identity_center_is_told_from_others() {
        let caller = |arn: &str| Caller {
            account: "1".into(),
            arn: arn.into(),
            partition: "aws".into(),
        };
        let inside = caller("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/me");
        assert!(inside.is_identity_center_role());
        let outside = caller("arn:aws:iam::111122223333:user/path/operator");
        assert!(!outside.is_identity_center_role());
        assert_eq!(outside.short_name(), "user/path/operator");
    }
}
