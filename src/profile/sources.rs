//! Which attributes of a user can travel, and by which names: in an Entra claim, and in Identity Center.

/// An attribute of an Entra user that can travel to AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Entra's id for it: `department`. Written `user.department` in a profile.
    pub id: &'static str,
    /// Where Identity Center keeps what provisioning brings of it; `None` when it does not arrive there.
    pub identity_center: Option<&'static str>,
    /// Whether Entra accepts it as NameID.
    pub name_id: bool,
    /// Whether Entra can put it into a SAML claim. What it cannot travels by provisioning only.
    pub claim: bool,
}

const fn source(id: &'static str, identity_center: Option<&'static str>, name_id: bool) -> Source {
    Source {
        id,
        identity_center,
        name_id,
        claim: true,
    }
}

const fn provisioned_only(id: &'static str, path: &'static str) -> Source {
    Source {
        id,
        identity_center: Some(path),
        name_id: false,
        claim: false,
    }
}

/// The known sources. Claims: learn.microsoft.com/entra/identity-platform/reference-claims-customization. Paths:
/// docs.aws.amazon.com/singlesignon/latest/userguide/attributemappingsconcept.html.
#[rustfmt::skip]
pub const SOURCES: &[Source] = &[
    source("userprincipalname", Some("${path:userName}"), true),
    source("mail", Some("${path:emails[primary eq true].value}"), true),
    source("givenname", Some("${path:name.givenName}"), false),
    source("surname", Some("${path:name.familyName}"), false),
    source("displayname", Some("${path:displayName}"), false),
    source("department", Some("${path:enterprise.department}"), false),
    source("employeeid", Some("${path:enterprise.employeeNumber}"), true),
    source("jobtitle", Some("${path:title}"), false),
    source("companyname", None, false),
    source("streetaddress", Some("${path:addresses[type eq \"work\"].streetAddress}"), false),
    source("city", Some("${path:addresses[type eq \"work\"].locality}"), false),
    source("state", Some("${path:addresses[type eq \"work\"].region}"), false),
    source("postalcode", Some("${path:addresses[type eq \"work\"].postalCode}"), false),
    source("country", Some("${path:addresses[type eq \"work\"].country}"), false),
    source("preferredlanguage", Some("${path:locale}"), false),
    source("telephonenumber", Some("${path:phoneNumbers[type eq \"work\"].value}"), true),
    source("objectid", None, false),
    source("mailnickname", None, false),
    source("othermail", None, false),
    source("mobilephone", None, false),
    source("facsimiletelephonenumber", None, false),
    source("officelocation", None, false),
    source("usertype", None, false),
    source("onpremisessamaccountname", None, true),
    source("onpremisesimmutableid", None, false),
    source("onpremisesdistinguishedname", None, false),
    source("onpremisesdomainname", None, false),
    source("onpremisesuserprincipalname", None, false),
    source("extensionattribute1", None, true),
    source("extensionattribute2", None, true),
    source("extensionattribute3", None, true),
    source("extensionattribute4", None, true),
    source("extensionattribute5", None, true),
    source("extensionattribute6", None, true),
    source("extensionattribute7", None, true),
    source("extensionattribute8", None, true),
    source("extensionattribute9", None, true),
    source("extensionattribute10", None, true),
    source("extensionattribute11", None, true),
    source("extensionattribute12", None, true),
    source("extensionattribute13", None, true),
    source("extensionattribute14", None, true),
    source("extensionattribute15", None, true),
    provisioned_only("costcenter", "${path:enterprise.costCenter}"),
    provisioned_only("division", "${path:enterprise.division}"),
    provisioned_only("manager", "${path:enterprise.manager.value}"),
];

/// The source written as `user.…`, without regard to case. `None` when it is not known.
pub fn find(written: &str) -> Option<&'static Source> {
    let lower = written.to_ascii_lowercase();
    let id = lower.strip_prefix("user.")?;
    SOURCES.iter().find(|source| source.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_found_by_its_written_name_in_any_case() {
        assert_eq!(
            find("user.Department").unwrap().identity_center,
            Some("${path:enterprise.department}")
        );
        assert_eq!(find("department"), None);
        assert_eq!(find("user.shoeSize"), None);
    }
}
