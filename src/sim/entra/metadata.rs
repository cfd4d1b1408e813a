//! Federation metadata: what AWS is given to know Entra by.

use jiff::Timestamp;

use super::{
    certificate::Certificate,
    state::{Cloud, Tenant},
};

/// The issuer of this tenant's assertions.
pub fn entity_id(tenant: &Tenant) -> String {
    let host = if tenant.cloud == Cloud::China {
        "sts.chinacloudapi.cn"
    } else {
        "sts.windows.net"
    };
    format!("https://{host}/{}/", tenant.id)
}

/// The address people are sent to for signing in. Its host is the vendor's own: a person's browser goes there, no tool.
pub fn sign_on_url(tenant: &Tenant) -> String {
    let host = match tenant.cloud {
        Cloud::Global => "login.microsoftonline.com",
        Cloud::UsGovL4 | Cloud::UsGovL5 => "login.microsoftonline.us",
        Cloud::China => "login.partner.microsoftonline.cn",
    };
    format!("https://{host}/{}/saml2", tenant.id)
}

/// The document for an application, or the tenant's own. Begins with a byte order mark, as Entra's does.
pub fn document(tenant: &Tenant, sp: Option<&str>, now: Timestamp) -> String {
    let signing: Vec<&Certificate> = match sp {
        Some(sp) => {
            let preferred = tenant.service_principals[sp].text("preferredTokenSigningKeyThumbprint");
            let mut own: Vec<&Certificate> = tenant
                .certificates
                .get(sp)
                .into_iter()
                .flatten()
                .filter(|c| c.published <= now)
                .collect();
            own.sort_by_key(|c| !c.thumbprint().eq_ignore_ascii_case(preferred));
            if own.is_empty() { vec![&tenant.certificate] } else { own }
        }
        None => vec![&tenant.certificate],
    };
    let key = |certificate: &Certificate| {
        let text = certificate.base64();
        format!(
            "<KeyDescriptor use=\"signing\"><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data><X509Certificate>{text}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
        )
    };
    let (entity, url) = (entity_id(tenant), sign_on_url(tenant));
    let keys: String = signing.iter().map(|c| key(c)).collect();
    let other = key(&tenant.certificate);
    let first = signing[0].base64();
    format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\
<EntityDescriptor ID=\"_{id}\" entityID=\"{entity}\" xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">\
<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo><CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/><SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>\
<Reference URI=\"#_{id}\"><DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><DigestValue>c2ltdWxhdGVk</DigestValue></Reference></SignedInfo><SignatureValue>c2ltdWxhdGVk</SignatureValue>\
<KeyInfo><X509Data><X509Certificate>{first}</X509Certificate></X509Data></KeyInfo></Signature>\
<RoleDescriptor xsi:type=\"fed:SecurityTokenServiceType\" protocolSupportEnumeration=\"http://docs.oasis-open.org/wsfed/federation/200706\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:fed=\"http://docs.oasis-open.org/wsfed/federation/200706\">{other}</RoleDescriptor>\
<RoleDescriptor xsi:type=\"fed:ApplicationServiceType\" protocolSupportEnumeration=\"http://docs.oasis-open.org/wsfed/federation/200706\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:fed=\"http://docs.oasis-open.org/wsfed/federation/200706\">{other}</RoleDescriptor>\
<IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}\
<SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"{url}\"/>\
<SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"{url}\"/>\
<SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{url}\"/>\
</IDPSSODescriptor></EntityDescriptor>",
        id = tenant.id,
    )
}
