//! SAML on the AWS side: what the service provider says of itself, what it reads of a provider, and a sign-in.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use quick_xml::{
    events::Event as Xml,
    name::{Namespace, ResolveResult},
    reader::NsReader,
};
use serde_json::{Map, Value, json};
use x509_cert::der::Decode;

use super::{
    cloudtrail::{self, Event},
    directory::User,
    organization::{IdentityProvider, Instance, Organization, Source},
};
use crate::sim::world::World;

const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// The one form of NameID AWS takes.
pub const EMAIL_ADDRESS: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const ACCESS_CONTROL: &str = "https://aws.amazon.com/SAML/Attributes/AccessControl:";

/// The service provider's metadata file.
pub fn sp_metadata(org: &Organization, instance: &Instance) -> String {
    let services: String = org
        .acs_urls(instance)
        .iter()
        .enumerate()
        .map(|(n, url)| {
            let default = if n == 0 { " isDefault=\"true\"" } else { "" };
            format!(
                "<md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{url}\" index=\"{n}\"{default}/>"
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
         entityID=\"{}\"><md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         WantAssertionsSigned=\"true\"><md:NameIDFormat>{EMAIL_ADDRESS}</md:NameIDFormat>{services}</md:SPSSODescriptor></md:EntityDescriptor>",
        org.issuer_url(instance)
    )
}

/// Reads a provider's metadata as the console does on upload.
pub fn read_provider(xml: &str) -> Result<IdentityProvider, String> {
    let mut reader = NsReader::from_str(xml);
    let (mut entity_id, mut sign_in_url, mut certificates) = (None, None, Vec::new());
    let (mut inside_provider, mut certificate) = (false, None::<String>);
    loop {
        let (namespace, event) = reader
            .read_resolved_event()
            .map_err(|error| format!("the metadata is not well-formed: {error}"))?;
        let of = |wanted: &str| matches!(namespace, ResolveResult::Bound(Namespace(name)) if name == wanted);
        match event {
            Xml::DocType(_) => return Err("the metadata holds a document type".into()),
            Xml::Start(tag) | Xml::Empty(tag) => {
                let name = tag.local_name();
                let attribute = |wanted: &str| {
                    let found = tag.try_get_attribute(wanted).ok().flatten()?;
                    found
                        .normalized_value(quick_xml::XmlVersion::Explicit1_0)
                        .ok()
                        .map(|value| value.into_owned())
                };
                match name.as_ref() {
                    "EntityDescriptor" if of(METADATA) => entity_id = attribute("entityID"),
                    "IDPSSODescriptor" if of(METADATA) => inside_provider = true,
                    "SingleSignOnService" if of(METADATA) && inside_provider => {
                        sign_in_url = sign_in_url.or_else(|| attribute("Location"));
                    }
                    "X509Certificate" if of(SIGNATURE) && inside_provider => certificate = Some(String::new()),
                    _ => {}
                }
            }
            Xml::Text(text) => {
                if let Some(certificate) = &mut certificate {
                    certificate.push_str(&text);
                }
            }
            Xml::End(tag) => match tag.local_name().as_ref() {
                "IDPSSODescriptor" => inside_provider = false,
                "X509Certificate" => {
                    if let Some(text) = certificate.take() {
                        certificates.push(read_certificate(&text)?);
                    }
                }
                _ => {}
            },
            Xml::Eof => break,
            _ => {}
        }
    }
    certificates.sort();
    certificates.dedup();
    let entity_id = entity_id
        .filter(|id| !id.is_empty())
        .ok_or("the metadata has no entity id")?;
    let sign_in_url = sign_in_url.ok_or("the metadata has no sign-in address of an identity provider")?;
    if certificates.is_empty() {
        return Err("the metadata has no signing certificate".into());
    }
    Ok(IdentityProvider {
        entity_id,
        sign_in_url,
        certificates,
    })
}

/// A certificate in base64, at most 2500 characters as the console takes it.
pub fn read_certificate(text: &str) -> Result<Vec<u8>, String> {
    let pem = text.lines().filter(|line| !line.starts_with("-----"));
    let base64: String = pem.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect();
    if base64.len() > 2500 {
        return Err("the certificate is longer than 2500 characters".into());
    }
    let der = STANDARD.decode(base64).map_err(|_| "a certificate is not base64")?;
    x509_cert::Certificate::from_der(&der).map_err(|_| "a certificate cannot be read")?;
    Ok(der)
}

/// The SHA-1 thumbprint that the console shows of a certificate.
pub fn thumbprint(der: &[u8]) -> String {
    let sum = digest(&SHA1_FOR_LEGACY_USE_ONLY, der);
    sum.as_ref().iter().map(|byte| format!("{byte:02X}")).collect()
}

/// What Entra posts to AWS when somebody signs in.
#[derive(Debug, Clone, Default)]
pub struct Assertion {
    /// The provider's entity id.
    pub issuer: String,
    /// The service provider's entity id.
    pub audience: String,
    /// The assertion consumer service it is posted to.
    pub recipient: String,
    /// Who.
    pub name_id: String,
    /// In what form.
    pub name_id_format: String,
    /// The certificate it is signed with, DER.
    pub certificate: Vec<u8>,
    /// Attributes and their values.
    pub attributes: Vec<(String, Vec<String>)>,
}

/// What somebody sees who has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The target.
    pub organization: String,
    /// Account id and names of permission sets.
    pub accounts: BTreeMap<String, Vec<String>>,
    /// Session tags.
    pub tags: BTreeMap<String, String>,
}

/// Takes an assertion. The error is what a person would find out only from CloudTrail.
pub fn sign_in(world: &mut World, assertion: &Assertion) -> Result<SignedIn, String> {
    let now = world.now;
    let found = world.aws.iter().position(|org| {
        org.instance
            .as_ref()
            .is_some_and(|instance| org.issuer_url(instance) == assertion.audience)
    });
    let Some(n) = found else {
        return Err(format!("AWS knows no service provider {}", assertion.audience));
    };
    world.aws[n].settle(now);
    let result = accept(&world.aws[n], assertion);
    let mut record = Map::new();
    let org = &world.aws[n];
    let store = org.instance.as_ref().map(|instance| org.store_arn(instance));
    record.insert("eventType".into(), json!("AwsServiceEvent"));
    record.insert(
        "userIdentity".into(),
        json!({"type": "IdentityCenterUser", "accountId": org.management, "userName": assertion.name_id,
            "onBehalfOf": {"userId": result.as_ref().ok().map(|(id, _)| id), "identityStoreArn": store}}),
    );
    let name = match &result {
        Ok(_) => {
            record.insert(
                "additionalEventData".into(),
                json!({"CredentialType": "EXTERNAL_IDP", "UserName": assertion.name_id}),
            );
            record.insert("serviceEventDetails".into(), json!({"UserAuthentication": "Success"}));
            "UserAuthentication"
        }
        Err(reason) => {
            record.insert("errorMessage".into(), json!(reason));
            record.insert(
                "serviceEventDetails".into(),
                json!({"ExternalIdPDirectoryLogin": "Failure"}),
            );
            "ExternalIdPDirectoryLogin"
        }
    };
    let event = Event {
        name: name.into(),
        source: "signin.amazonaws.com".into(),
        username: Some(assertion.name_id.clone()),
        record,
        ..Event::default()
    };
    cloudtrail::write(world, n, event);
    result.map(|(_, seen)| seen)
}

fn accept(org: &Organization, assertion: &Assertion) -> Result<(String, SignedIn), String> {
    let instance = org.instance.as_ref().ok_or("IAM Identity Center is not enabled")?;
    let Source::External(provider) = &instance.source else {
        return Err("The identity source is not an external identity provider".into());
    };
    if provider.entity_id != assertion.issuer {
        return Err(format!(
            "The issuer {} is not the configured identity provider",
            assertion.issuer
        ));
    }
    if !provider.certificates.contains(&assertion.certificate) {
        return Err("The assertion is signed with a certificate that is not known".into());
    }
    if !org.acs_urls(instance).contains(&assertion.recipient) {
        return Err(format!(
            "{} is no assertion consumer service of this instance",
            assertion.recipient
        ));
    }
    if assertion.name_id_format != EMAIL_ADDRESS {
        return Err(format!("NameID format {} is not supported", assertion.name_id_format));
    }
    let found = instance
        .directory
        .user_named(&assertion.name_id)
        .filter(|(_, user)| user.active);
    let (id, user) = found.ok_or_else(|| format!("No enabled user is named {}", assertion.name_id))?;
    let tags = tags(instance, user, &assertion.attributes)?;
    let groups = instance.directory.groups_of(id);
    let mut accounts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for assignment in &instance.assignments {
        if assignment.principal == *id || groups.contains(&assignment.principal) {
            let name = instance
                .permission_sets
                .get(&assignment.permission_set)
                .map(|set| set.name.clone());
            accounts.entry(assignment.account.clone()).or_default().extend(name);
        }
    }
    for names in accounts.values_mut() {
        names.sort();
        names.dedup();
    }
    Ok((
        id.clone(),
        SignedIn {
            organization: org.name.clone(),
            accounts,
            tags,
        },
    ))
}

/// Session tags: from the assertion, but the instance's own mapping wins.
fn tags(
    instance: &Instance,
    user: &User,
    attributes: &[(String, Vec<String>)],
) -> Result<BTreeMap<String, String>, String> {
    let Some(abac) = &instance.abac else {
        return Ok(BTreeMap::new());
    };
    if attributes.len() > 50 {
        return Err("The assertion has more than 50 attributes".into());
    }
    let mut tags = BTreeMap::new();
    for (name, values) in attributes {
        let [value] = values.as_slice() else {
            return Err(format!("Attribute {name} does not have exactly one value"));
        };
        if let Some(key) = name.strip_prefix(ACCESS_CONTROL)
            && tags.insert(key.to_owned(), value.clone()).is_some()
        {
            return Err(format!("Attribute {name} is repeated"));
        }
    }
    for (key, source) in abac {
        if let Some(value) = mapped(user, source) {
            tags.insert(key.clone(), value);
        }
    }
    Ok(tags)
}

/// The value of `${path:…}` for this user.
fn mapped(user: &User, source: &str) -> Option<String> {
    let path = source.strip_prefix("${path:")?.strip_suffix('}')?;
    if let Some(name) = path.strip_prefix("enterprise.") {
        let value = user.enterprise.get(name.split('.').next()?)?;
        return value.get("value").unwrap_or(value).as_str().map(str::to_owned);
    }
    let plain = path.split('[').next()?;
    let mut pieces = plain.split('.').map(super::model::upper_first);
    let first = user.attributes.get(&pieces.next()?)?;
    let first = first.as_array().and_then(|list| list.first()).unwrap_or(first);
    let part = path
        .rsplit_once("].")
        .map(|(_, part)| super::model::upper_first(part))
        .or_else(|| pieces.next());
    let value = match part {
        Some(part) => first.get(part)?,
        None => first,
    };
    value.as_str().map(str::to_owned)
}

/// What the console shows of an identity source.
pub fn shown_source(source: &Source) -> Value {
    match source {
        Source::IdentityCenter => json!("identity-center"),
        Source::ActiveDirectory => json!("active-directory"),
        Source::External(provider) => {
            json!({"external": {"entity_id": provider.entity_id, "certificates": provider.certificates.len()}})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::scenario;

    fn certificate() -> (Vec<u8>, String) {
        let certified = rcgen::generate_simple_self_signed(vec!["entra".into()]).unwrap();
        let base64: String = certified
            .cert
            .pem()
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect();
        (certified.cert.der().to_vec(), base64)
    }

    fn metadata(certificate: &str) -> String {
        format!(
            r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sts.windows.net/t/"><IDPSSODescriptor>
            <KeyDescriptor><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{certificate}</X509Certificate>
            </X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Location="https://login.microsoftonline.com/t/saml2"/>
            </IDPSSODescriptor></EntityDescriptor>"#
        )
    }

    const TEXT: &str = r#"
        title = "t"
        about = "a"
        [[aws]]
        abac = { Department = "${path:enterprise.department}" }
        users = [
            { user_name = "nikki@contoso.com", given_name = "Nikki", family_name = "Wolf", department = "IT" },
            { user_name = "off@contoso.com", given_name = "Off", family_name = "Line", disabled = true },
        ]
        groups = [{ display_name = "Admins", members = ["nikki@contoso.com"] }]
        permission_sets = [{ name = "A" }, { name = "B" }]
        assignments = [
            { permission_set = "A", account = "Management", user = "nikki@contoso.com" },
            { permission_set = "B", account = "Sandbox", group = "Admins" },
        ]
    "#;

    fn bench() -> (World, Assertion) {
        let (der, base64) = certificate();
        let mut world = scenario::parse("test", TEXT)
            .unwrap()
            .build(1, jiff::Timestamp::UNIX_EPOCH)
            .unwrap();
        let org = &mut world.aws[0];
        let instance = org.instance.as_mut().unwrap();
        instance.source = Source::External(read_provider(&metadata(&base64)).unwrap());
        let instance = org.instance.as_ref().unwrap();
        let assertion = Assertion {
            issuer: "https://sts.windows.net/t/".into(),
            audience: org.issuer_url(instance),
            recipient: org.acs_urls(instance)[1].clone(),
            name_id: "nikki@contoso.com".into(),
            name_id_format: EMAIL_ADDRESS.into(),
            certificate: der,
            attributes: vec![
                (format!("{ACCESS_CONTROL}Department"), vec!["Billing".into()]),
                (format!("{ACCESS_CONTROL}Project"), vec!["Moon".into()]),
            ],
        };
        (world, assertion)
    }

    #[test]
    fn a_good_assertion_shows_accounts_and_tags() {
        let (mut world, assertion) = bench();
        let seen = sign_in(&mut world, &assertion).unwrap();
        assert_eq!(seen.accounts.values().flatten().collect::<Vec<_>>().len(), 2);
        // The instance's own mapping wins.
        assert_eq!(
            (seen.tags["Department"].as_str(), seen.tags["Project"].as_str()),
            ("IT", "Moon")
        );
        let event = &world.aws[0].trail[0];
        assert_eq!(
            (event.name.as_str(), event.source.as_str()),
            ("UserAuthentication", "signin.amazonaws.com")
        );
        assert_eq!(event.record["additionalEventData"]["CredentialType"], "EXTERNAL_IDP");
    }

    #[test]
    fn each_flaw_of_an_assertion_ends_it() {
        let spoil: [fn(&mut Assertion); 7] = [
            |a| a.issuer.push('x'),
            |a| a.recipient.push('x'),
            |a| a.certificate = certificate().0,
            |a| a.name_id = "Nikki@contoso.com".into(),
            |a| a.name_id = "off@contoso.com".into(),
            |a| a.name_id_format = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".into(),
            |a| a.attributes[0].1.push("Two".into()),
        ];
        for (n, spoil) in spoil.iter().enumerate() {
            let (mut world, mut assertion) = bench();
            spoil(&mut assertion);
            assert!(sign_in(&mut world, &assertion).is_err(), "{n}");
            assert_eq!(world.aws[0].trail[0].name, "ExternalIdPDirectoryLogin");
        }
        let (mut world, mut assertion) = bench();
        assertion.audience.push('x');
        assert!(sign_in(&mut world, &assertion).is_err());
        assert!(world.aws[0].trail.is_empty());
    }

    #[test]
    fn metadata_without_what_is_needed_is_refused() {
        let good = metadata(&certificate().1);
        for (cut, put) in [
            ("entityID=", "id="),
            ("<SingleSignOnService", "<Other"),
            ("X509Certificate", "Nothing"),
            ("IDPSSODescriptor", "SPSSODescriptor"),
            ("urn:oasis:names:tc:SAML:2.0:metadata", "urn:other"),
            ("</EntityDescriptor>", "</Wrong>"),
            ("<EntityDescriptor", "<!DOCTYPE x><EntityDescriptor"),
        ] {
            assert!(read_provider(&good.replace(cut, put)).is_err(), "{cut}");
        }
        assert!(read_certificate(&"A".repeat(3000)).unwrap_err().contains("2500"));
    }
}
