//! What the elements of metadata mean.
//! Source: <https://docs.oasis-open.org/security/saml/v2.0/saml-metadata-2.0-os.pdf>.

use url::Url;

use super::{
    AssertionConsumer, Binding, Certificate, Endpoint, IdpMetadata, SpMetadata,
    tree::{Element, not_metadata, read},
};
use crate::fault::Fault;

const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";

pub(super) fn idp(xml: &[u8]) -> Result<IdpMetadata, Fault> {
    let root = read(xml)?;
    let entity_id = entity_id(&root)?;
    let Some(descriptor) = root.all(METADATA, "IDPSSODescriptor").next() else {
        return Err(match root.all(METADATA, "SPSSODescriptor").next() {
            Some(_) => not_metadata("is the service provider's", "it describes AWS's side, not Entra's")
                .hint("Give Entra's Federation Metadata XML here; AWS's file belongs into the next step."),
            None => not_metadata("describes no identity provider", "it has no IDPSSODescriptor"),
        });
    };
    let certificates = certificates(descriptor)?;
    if certificates.is_empty() {
        return Err(not_metadata(
            "has no signing certificate",
            "no KeyDescriptor for signing holds an X509Certificate",
        )
        .hint("Make a signing certificate for the application first, then fetch its metadata again."));
    }
    let sign_on = endpoints(descriptor, "SingleSignOnService")?;
    if sign_on.is_empty() {
        return Err(not_metadata(
            "names no sign-on address",
            "it has no SingleSignOnService",
        ));
    }
    Ok(IdpMetadata {
        entity_id,
        sign_on,
        sign_out: endpoints(descriptor, "SingleLogoutService")?,
        certificates,
    })
}

pub(super) fn sp(xml: &[u8]) -> Result<SpMetadata, Fault> {
    let root = read(xml)?;
    let entity_id = entity_id(&root)?;
    let Some(descriptor) = root.all(METADATA, "SPSSODescriptor").next() else {
        return Err(match root.all(METADATA, "IDPSSODescriptor").next() {
            Some(_) => not_metadata("is the identity provider's", "it describes Entra's side, not AWS's")
                .hint("Give the service provider metadata that Identity Center shows under Manage authentication."),
            None => not_metadata("describes no service provider", "it has no SPSSODescriptor"),
        });
    };
    let mut consumers = Vec::new();
    for element in descriptor.all(METADATA, "AssertionConsumerService") {
        consumers.push(AssertionConsumer {
            binding: binding(element),
            location: location(element)?,
            index: element.attribute("index").and_then(|index| index.parse().ok()),
            default: matches!(element.attribute("isDefault"), Some("true" | "1")),
        });
    }
    if !consumers.iter().any(|consumer| consumer.binding == Binding::HttpPost) {
        let why = "it has no AssertionConsumerService for HTTP-POST, so there is no reply URL to enter in Entra";
        return Err(not_metadata("names no assertion consumer", why));
    }
    consumers.sort_by_key(|consumer| (!consumer.default, consumer.index.unwrap_or(u32::MAX)));
    let formats = descriptor
        .all(METADATA, "NameIDFormat")
        .map(|element| element.text.trim().to_owned());
    Ok(SpMetadata {
        entity_id,
        consumers,
        name_id_formats: formats.filter(|format| !format.is_empty()).collect(),
    })
}

fn entity_id(root: &Element) -> Result<String, Fault> {
    if root.is(METADATA, "EntitiesDescriptor") {
        let why = "its root is EntitiesDescriptor, a list; one EntityDescriptor is needed";
        return Err(not_metadata("describes several parties", why));
    }
    if !root.is(METADATA, "EntityDescriptor") {
        let why = match root.name == "EntityDescriptor" {
            true => format!(
                "its EntityDescriptor is of the namespace {:?}, not SAML's",
                root.namespace
            ),
            false => format!("its root is <{}>, not EntityDescriptor", root.name),
        };
        return Err(not_metadata("is not SAML metadata", why));
    }
    match root.attribute("entityID") {
        Some(id) if !id.is_empty() => Ok(id.to_owned()),
        _ => Err(not_metadata("names no entity", "its EntityDescriptor has no entityID")),
    }
}

fn endpoints(descriptor: &Element, name: &str) -> Result<Vec<Endpoint>, Fault> {
    let endpoint = |element| -> Result<Endpoint, Fault> {
        Ok(Endpoint {
            binding: binding(element),
            location: location(element)?,
        })
    };
    descriptor.all(METADATA, name).map(endpoint).collect()
}

fn binding(element: &Element) -> Binding {
    match element.attribute("Binding").unwrap_or_default() {
        POST => Binding::HttpPost,
        REDIRECT => Binding::HttpRedirect,
        other => Binding::Other(other.to_owned()),
    }
}

fn location(element: &Element) -> Result<Url, Fault> {
    let text = element.attribute("Location").unwrap_or_default();
    let url = Url::parse(text).map_err(|error| {
        not_metadata(
            "names an address that is none",
            format!("{} has Location {text:?}: {error}", element.name),
        )
    })?;
    match url.scheme() {
        "https" | "http" => Ok(url),
        scheme => Err(not_metadata(
            "names an address that is none",
            format!("{scheme} is not a web address"),
        )),
    }
}

/// The certificates for signing. A key without a use is for signing too.
fn certificates(descriptor: &Element) -> Result<Vec<Certificate>, Fault> {
    let mut found: Vec<Certificate> = Vec::new();
    for key in descriptor.all(METADATA, "KeyDescriptor") {
        if !matches!(key.attribute("use"), None | Some("signing")) {
            continue;
        }
        let mut elements = Vec::new();
        key.below(SIGNATURE, "X509Certificate", &mut elements);
        for element in elements {
            let certificate = Certificate::from_base64(&element.text)
                .map_err(|fault| not_metadata("holds a certificate that cannot be read", fault.why.to_string()))?;
            if !found.iter().any(|known| known.sha256 == certificate.sha256) {
                found.push(certificate);
            }
        }
    }
    Ok(found)
}
