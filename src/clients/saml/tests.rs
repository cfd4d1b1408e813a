use super::*;
use crate::clients::aws::partition::Partition;

const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const ENTITY: &str = "https://sts.windows.net/11111111-2222-3333-4444-555555555555/";

fn certificate(from: i32, until: i32) -> String {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let der = params.self_signed(&key).unwrap().der().to_vec();
    base64::Engine::encode(&base64::prelude::BASE64_STANDARD, der)
}

fn keys(certificates: &[String]) -> String {
    certificates
        .iter()
        .map(|it| {
            // As vendors do: wrapped, with line breaks.
            let (a, b) = it.split_at(64);
            format!(
                "<KeyDescriptor use=\"signing\"><KeyInfo xmlns=\"{DS}\"><X509Data><X509Certificate>\n{a}\n{b}\n\
                 </X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
            )
        })
        .collect()
}

fn idp(keys: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><EntityDescriptor ID=\"_1\" entityID=\"{ENTITY}\" xmlns=\"{MD}\">\
         <RoleDescriptor xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"fed:ApplicationServiceType\" \
         xmlns:fed=\"http://docs.oasis-open.org/wsfed/federation/200706\"><KeyDescriptor use=\"signing\"><KeyInfo \
         xmlns=\"{DS}\"><X509Data><X509Certificate>not even base64 !</X509Certificate></X509Data></KeyInfo>\
         </KeyDescriptor></RoleDescriptor>\
         <IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}\
         <SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://login.microsoftonline.com/t/saml2\"/>\
         <SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://login.microsoftonline.com/t/saml2\"/>\
         <SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://login.microsoftonline.com/t/saml2\"/>\
         </IDPSSODescriptor></EntityDescriptor>"
    )
}

const ACS: &str = "https://eu-west-1.signin.aws/platform/saml/acs/0123456789abcdef-aaaa-bbbb-cccc-dddddddddddd";
const ACS_OLD: &str =
    "https://eu-west-1.signin.aws.amazon.com/platform/saml/acs/0123456789abcdef-aaaa-bbbb-cccc-dddddddddddd";
const ISSUER: &str = "https://eu-west-1.signin.aws.amazon.com/platform/saml/d-1234567890";

/// As AWS writes it: with prefixes.
fn sp(consumers: &str) -> String {
    format!(
        "<md:EntityDescriptor xmlns:md=\"{MD}\" entityID=\"{ISSUER}\"><md:SPSSODescriptor AuthnRequestsSigned=\"false\" \
         WantAssertionsSigned=\"true\" protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>{consumers}\
         </md:SPSSODescriptor></md:EntityDescriptor>"
    )
}

fn consumer(location: &str, index: u32, default: bool) -> String {
    format!(
        "<md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
         Location=\"{location}\" index=\"{index}\" isDefault=\"{default}\"/>"
    )
}

fn now() -> Timestamp {
    "2026-11-21T00:00:00Z".parse().unwrap()
}

#[test]
fn entras_metadata_is_read_and_only_its_saml_part() {
    let der = certificate(2025, 2028);
    let xml = format!("\u{feff}{}", idp(&keys(std::slice::from_ref(&der))));
    let read = IdpMetadata::parse(xml.as_bytes()).unwrap();
    assert_eq!(read.entity_id, ENTITY);
    assert_eq!((read.sign_on.len(), read.sign_out.len()), (2, 1));
    assert_eq!(
        read.sign_on_by(&Binding::HttpPost).unwrap().as_str(),
        "https://login.microsoftonline.com/t/saml2"
    );
    assert_eq!(read.certificates.len(), 1);
    let it = &read.certificates[0];
    assert_eq!(it.der, der);
    assert_eq!(it.not_after.to_string(), "2028-01-01T00:00:00Z");
    assert_eq!((it.sha1.len(), it.sha256.len()), (40, 64));
    let colons: Vec<&str> = (0..40).step_by(2).map(|at| &it.sha1[at..at + 2]).collect();
    assert!(read.certificate(&colons.join(":").to_lowercase()).is_some());
    assert!(read.findings(now()).is_empty());
    read.require_valid(now()).unwrap();
}

#[test]
fn certificates_are_all_returned_and_their_dates_are_findings() {
    let all = [
        certificate(2020, 2021),
        certificate(2025, 2028),
        certificate(2030, 2031),
    ];
    let read = IdpMetadata::parse(idp(&keys(&all)).as_bytes()).unwrap();
    let words: Vec<String> = read.findings(now()).iter().map(Finding::words).collect();
    assert_eq!(words.len(), 3, "{words:?}");
    assert!(
        words[0].contains("expired on 2021") && words[1].contains("only from 2030") && words[2].contains("3 signing")
    );
    read.require_valid(now()).unwrap();
    let expired = IdpMetadata::parse(idp(&keys(&all[..1])).as_bytes()).unwrap();
    assert!(expired.require_valid(now()).unwrap_err().why.contains("2021"));
}

#[test]
fn the_same_certificate_twice_is_one() {
    let der = certificate(2025, 2028);
    let read = IdpMetadata::parse(idp(&keys(&[der.clone(), der])).as_bytes()).unwrap();
    assert_eq!(read.certificates.len(), 1);
}

#[test]
fn awss_metadata_gives_every_reply_url_the_default_first() {
    let consumers = [consumer(ACS_OLD, 1, false), consumer(ACS, 0, true)].concat();
    let read = SpMetadata::parse(sp(&consumers).as_bytes()).unwrap();
    assert_eq!(read.entity_id, ISSUER);
    let urls: Vec<String> = read.consumer_urls().iter().map(ToString::to_string).collect();
    assert_eq!(urls, [ACS, ACS_OLD]);
    assert_eq!(read.consumers[1].index, Some(1));
    assert_eq!(read.name_id_formats.len(), 1);
}

#[test]
fn spoilt_files_each_get_their_own_error() {
    let good = idp(&keys(&[certificate(2025, 2028)]));
    let bomb = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>{}",
        &good[good.find("<Entity").unwrap()..]
    );
    let entity = good.replacen("<KeyDescriptor", "<X>&xxe;</X><KeyDescriptor", 1);
    let deep = format!("{}{}", "<a>".repeat(200), "</a>".repeat(200));
    let many = format!("<a>{}</a>", "<b/>".repeat(50_000));
    let huge = vec![b' '; 50 * 1024 * 1024];
    let cut = &good[..good.len() / 2];
    let undeclared = good.replacen("<SingleSignOnService", "<saml:SingleSignOnService", 1);
    let cases: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        ("empty", Vec::new(), "is not XML", "empty"),
        ("text", b"hello".to_vec(), "is not XML", "does not begin"),
        ("a JSON file", b"{\"a\": 1}".to_vec(), "is not XML", "does not begin"),
        (
            "a picture",
            vec![0x89, b'P', b'N', b'G', 0xff, 0xfe],
            "is not text",
            "UTF-8",
        ),
        (
            "a page",
            b"<html><body><p>Sign in</body></html>".to_vec(),
            "is not XML",
            "",
        ),
        (
            "a whole page",
            b"<html><body/></html>".to_vec(),
            "is not SAML metadata",
            "<html>",
        ),
        ("an entity bomb", bomb.into_bytes(), "document type", "attack"),
        ("an entity", entity.into_bytes(), "uses an entity", "&xxe;"),
        ("50 MB", huge, "is too long", "52428800"),
        ("deep", deep.into_bytes(), "is not metadata", "deep"),
        ("many", many.into_bytes(), "is not metadata", "too many"),
        ("cut off", cut.as_bytes().to_vec(), "", ""),
        (
            "two roots",
            format!("{good}<more/>").into_bytes(),
            "is not XML",
            "second root",
        ),
        ("an undeclared prefix", undeclared.into_bytes(), "is not XML", ""),
        (
            "a foreign namespace",
            good.replacen(MD, "urn:other", 1).into_bytes(),
            "is not SAML metadata",
            "urn:other",
        ),
        (
            "a list",
            format!(
                "<EntitiesDescriptor xmlns=\"{MD}\">{}</EntitiesDescriptor>",
                &good[good.find("<Entity").unwrap()..]
            )
            .into_bytes(),
            "several parties",
            "EntitiesDescriptor",
        ),
        (
            "the other side's",
            sp(&consumer(ACS, 0, true)).into_bytes(),
            "service provider's",
            "AWS's side",
        ),
        (
            "no entity id",
            good.replacen("entityID", "entityId", 1).into_bytes(),
            "names no entity",
            "entityID",
        ),
        (
            "no certificate",
            idp("").into_bytes(),
            "no signing certificate",
            "KeyDescriptor",
        ),
        (
            "a broken certificate",
            idp(&keys(&["A".repeat(200)])).into_bytes(),
            "certificate that cannot be read",
            "",
        ),
        (
            "no sign-on address",
            good.replace("SingleSignOnService", "SingleSignOffService").into_bytes(),
            "no sign-on address",
            "SingleSignOnService",
        ),
        (
            "a script for an address",
            good.replace("https://login.microsoftonline.com/t/saml2", "javascript:alert(1)")
                .into_bytes(),
            "address that is none",
            "javascript",
        ),
    ];
    let mut words = std::collections::HashSet::new();
    for (name, xml, what, why) in cases {
        let fault = IdpMetadata::parse(&xml).expect_err(name);
        assert_eq!(fault.kind, Kind::Usage, "{name}");
        assert!(
            fault.what.contains(what) && fault.why.contains(why),
            "{name}: {fault:?}"
        );
        assert!(!fault.hint.is_empty(), "{name}");
        words.insert(fault.to_string());
    }
    assert!(words.len() >= 20, "each says something of its own: {words:?}");
}

#[test]
fn service_providers_without_a_reply_url_are_refused() {
    let redirect = consumer(ACS, 0, true).replace("HTTP-POST", "HTTP-Redirect");
    for xml in [sp(""), sp(&redirect)] {
        let fault = SpMetadata::parse(xml.as_bytes()).unwrap_err();
        assert!(fault.what.contains("no assertion consumer"), "{fault:?}");
    }
    let fault = SpMetadata::parse(idp("").as_bytes()).unwrap_err();
    assert!(fault.what.contains("identity provider's"), "{fault:?}");
}

fn values(issuer: &str, consumers: &[&str]) -> ServiceProvider {
    ServiceProvider {
        issuer: issuer.to_owned(),
        consumers: consumers.iter().map(|url| Url::parse(url).unwrap()).collect(),
    }
}

#[test]
fn the_values_must_be_this_instances() {
    let more = ["us-east-1".to_owned()];
    let instance = Instance {
        partition: Partition::named("aws").unwrap(),
        region: "eu-west-1",
        more_regions: &more,
        identity_store_id: "d-1234567890",
    };
    assert_eq!(derived_issuer("eu-west-1", "d-1234567890").as_deref(), Some(ISSUER));
    let dual = ACS.replace("signin.aws/", "sso.signin.aws/");
    let second = ACS.replace("eu-west-1", "us-east-1");
    check_service_provider(&values(ISSUER, &[ACS, ACS_OLD, &dual, &second]), &instance).unwrap();

    let other = ISSUER.replace("eu-west-1", "eu-west-2");
    let far = ACS.replace("eu-west-1", "ap-south-1");
    let evil = ACS.replace("signin.aws/", "signin.aws.evil.example/");
    let plain = ACS.replace("https", "http");
    let stump = "https://eu-west-1.signin.aws/platform/saml/acs/";
    let slash = format!("{ISSUER}/");
    for (issuer, consumers, words) in [
        (other.as_str(), vec![ACS], "Region eu-west-2"),
        (slash.as_str(), vec![ACS], "slash"),
        (ACS, vec![ACS], "swapped"),
        ("d-1234567890", vec![ACS], "no address"),
        (ISSUER, vec![], "missing"),
        (ISSUER, vec![far.as_str()], "Region ap-south-1"),
        (ISSUER, vec![second.as_str()], "primary Region"),
        (ISSUER, vec![evil.as_str()], "none of"),
        (ISSUER, vec![plain.as_str()], "https"),
        (ISSUER, vec![stump], "tenant id"),
    ] {
        let fault = check_service_provider(&values(issuer, &consumers), &instance).unwrap_err();
        assert!(fault.to_string().contains(words), "{words}: {fault}");
    }
}

#[test]
fn govcloud_has_its_own_hosts() {
    let instance = Instance {
        partition: Partition::named("aws-us-gov").unwrap(),
        region: "us-gov-west-1",
        more_regions: &[],
        identity_store_id: "d-1234567890",
    };
    let issuer = "https://us-gov-west-1.signin.amazonaws-us-gov.com/platform/saml/d-1234567890";
    let acs = "https://us-gov-west-1.signin-fips.amazonaws-us-gov.com/platform/saml/acs/0123456789abcdef-aaaa-bbbb";
    check_service_provider(&values(issuer, &[acs]), &instance).unwrap();
    let foreign = acs.replace("amazonaws-us-gov.com", "amazonaws.example");
    assert!(check_service_provider(&values(issuer, &[&foreign]), &instance).is_err());
}
