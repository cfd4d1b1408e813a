//! What the errors of Entra's provisioning mean, and what mends each. The log names a code and a reason; most reasons are AWS's.

/// A cause in plain words, and what mends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// Why it failed.
    pub cause: &'static str,
    /// What mends it.
    pub fix: &'static str,
}

/// Codes, or words of the reason, in lower case; then cause and fix. The first that fits counts.
/// <https://learn.microsoft.com/entra/identity/monitoring-health/howto-analyze-provisioning-logs>
const KNOWN: &[(&[&str], &str, &str)] = &[
    (
        &["only allow single item", "schemapropertycanonlyacceptvalue"],
        "Several values go to an attribute of which AWS takes one: most often phone numbers or e-mail addresses.",
        "fedwiz apply --only scim.mappings, or leave one mapping to phoneNumbers and one to emails.",
    ),
    (
        &[
            "entryconflict",
            "duplicatetargetentries",
            "conflict",
            "duplicate resource",
            "uniqueness",
        ],
        "Somebody in AWS holds the same user name, e-mail address or group name already.",
        "fedwiz doctor --rule mail-taken --rule duplicate-group names who; rename or delete that one in Identity Center.",
    ),
    (
        &["duplicatesourceentries", "multipleentriesinresponse"],
        "Two people in Entra match one user in AWS, or the other way round.",
        "fedwiz doctor --rule duplicate-user-name --rule duplicate-external-id names them; make the names differ.",
    ),
    (
        &["mandatoryfieldsmissing", "missingvalues", "missing", "mandatory"],
        "A first, last or display name is missing: AWS takes nobody without.",
        "fedwiz doctor --rule missing-name names who; fill the names in, in Entra.",
    ),
    (
        &[
            "unparsable",
            "violates schema",
            "syntactically",
            "invalidvalue",
            "control character",
            "failed to satisfy constraint",
            "regular expression",
        ],
        "A value has a form or a character that AWS refuses.",
        "fedwiz doctor --rule control-character --rule refused-character names the value; correct it in Entra.",
    ),
    (
        &["unauthorized", "credentialvalidation", "invalidcredentials", "401"],
        "AWS refuses the SCIM token: it has ended, or was deleted.",
        "fedwiz rotate token: it leads to a new token, and gives it to Entra.",
    ),
    (
        &[
            "insufficientrights",
            "notpermitted",
            "methodnotallowed",
            "accessdenied",
            "403",
        ],
        "AWS does not allow the call: the token, or a rule about networks.",
        "fedwiz doctor --rule scim-refused shows what AWS answered.",
    ),
    (
        &["toomanyrequests", "throttl", "429"],
        "AWS slowed the call down. A later cycle tries again.",
        "Nothing has to be done when it passes; let no other tool call the SCIM endpoint.",
    ),
    (
        &["invalidanchor"],
        "The user or group in AWS that this one was tied to is gone.",
        "fedwiz sync restart --scope full: everybody is matched anew.",
    ),
    (
        &[
            "noteffectivelyentitled",
            "notentitled",
            "entrysynchronizationskipped",
            "not assigned",
            "not in scope",
        ],
        "Nobody assigned this one to the application, or a scoping filter leaves it out.",
        "Assign it to the application; an assignment counts some minutes later. fedwiz doctor --rule unassigned helps.",
    ),
    (
        &["importskipped", "schemaattributenotfound"],
        "The attribute that people are matched by is empty.",
        "Fill in the user principal name, or correct the mapping of userName.",
    ),
    (
        &["licenselimitexceeded"],
        "The tenant's licence does not cover more.",
        "Look at the licences in the Entra admin center.",
    ),
    (
        &[
            "timeout",
            "internalerror",
            "internalservererror",
            "webexceptionprotocolerror",
            "unavailable",
            "503",
        ],
        "One of the two services did not answer in time. A later cycle tries again.",
        "Nothing has to be done when it passes; else look at the service health of Microsoft and AWS.",
    ),
    (
        &["serviceincompatible", "notimplemented", "unprocessableentity"],
        "AWS does not know what was asked of it.",
        "fedwiz check --only scim.mappings shows a mapping that was changed; put it back with --repair.",
    ),
];

/// What is known of this error.
pub fn advise(code: &str, reason: &str) -> Option<Advice> {
    let (code, reason) = (code.to_lowercase(), reason.to_lowercase());
    if code.is_empty() && reason.is_empty() {
        return None;
    }
    // The reason is more precise than the code, and "already in step" is no error.
    if code == "redundantexport" {
        return None;
    }
    let fits = |text: &str| {
        KNOWN
            .iter()
            .find(|(words, ..)| words.iter().any(|word| !text.is_empty() && text.contains(word)))
    };
    fits(&reason)
        .or_else(|| fits(&code))
        .map(|&(_, cause, fix)| Advice { cause, fix })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_more_than_a_code() {
        let advice = advise(
            "SystemForCrossDomainIdentityManagementBadRequest",
            "List attributes only allow single item",
        );
        assert!(advice.expect("advice").fix.contains("scim.mappings"));
        assert!(
            advise("EntryConflict", "")
                .expect("advice")
                .cause
                .contains("holds the same")
        );
        assert!(
            advise(
                "NotEffectivelyEntitled",
                "The object is not assigned to the application."
            )
            .is_some()
        );
        assert_eq!(advise("RedundantExport", "in step"), None);
        assert_eq!(advise("", ""), None);
        assert_eq!(advise("SomethingNew", "nobody knows"), None);
    }
}
