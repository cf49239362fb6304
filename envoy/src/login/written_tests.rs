use super::*;
use std::fs;
use warren_rules::login::Admission;

const CA: &str = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";

#[test]
fn ways_are_taken_in_the_order_token_certificate_header() {
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    fs::write(&ca, CA).unwrap();
    let text = format!(
        "[header]\nname = \"X-Auth-User\"\nfrom = [\"10.0.0.0/8\"]\n\
         [certificate]\nca_file = \"{ca}\"\n\
         [tokens.okta]\nissuer = \"https://id.example\"\naudiences = [\"trino\"]\nkeys_url = \"https://id.example:8443/jwks\"\n\
         keys_ca_file = \"{ca}\"\nkeys_kept = \"1m\"\nuser_claim = \"email\"\nuser_pattern = \"(.*)@example\"\n\
         [[impersonation]]\nprincipal = \"airflow\"\nuser = \".*\"\n",
        ca = ca.display()
    );
    let login = read(&text).map(|file| file.settings).unwrap();
    let ways: Vec<_> = login.told.ways.iter().map(|way| (way.name.as_str(), way.header.as_str())).collect();
    assert_eq!(
        ways,
        [
            ("token of okta", "x-warren-token-okta"),
            ("certificate", "x-warren-certificate"),
            ("header X-Auth-User", "x-warren-proxy-user"),
        ]
    );
    assert_eq!(login.told.challenges, ["Bearer realm=\"Warren\""]);
    assert_eq!(login.header.as_deref(), Some("x-auth-user"));
    assert_eq!(
        login.tokens.first().map(|tokens| &tokens.keys),
        Some(&Keys::Fetched {
            url: "https://id.example:8443/jwks".to_owned(),
            host: "id.example".to_owned(),
            port: 8443,
            trust: Some(Trust::Ca(CA.to_owned())),
            every: Duration::from_secs(60),
        })
    );
    assert!(!login.pass_credentials);
    assert_eq!(login.not_for_trino().last().map(String::as_str), Some("authorization"));
}

fn mistakes(text: &str) -> Vec<String> {
    read(text).map(drop).unwrap_err()
}

#[test]
fn tells_all_mistakes() {
    let text = "[tokens.a_b]\nissuer = \"\"\naudiences = []\nkeys_url = \"http://id.example/jwks\"\n\
                [tokens.c]\nissuer = \"i\"\naudiences = [\"a\"]\n\
                [passwords]\n[passwords.directory]\nurl = \"ldap://d.example\"\nbase = \"o=x\"\nfilter = \"(uid=ann)\"\nsearch_as = \"cn=w\"\n\
                [certificate]\nca_file = \"/no/such\"\nuser_pattern = \"(\"\n\
                [header]\nname = \"x_user\"\nfrom = [\"everybody\"]\n";
    assert_eq!(
        mistakes(text),
        [
            "[tokens.a_b]: a provider's name is made of letters, digits and `-`",
            "[tokens.a_b]: issuer is empty: tokens of anybody whose keys these are would do",
            "[tokens.a_b]: audiences is empty: a token that was meant for another service would do",
            "[tokens.a_b]: keys_url: `http://id.example/jwks` does not begin with https://; without TLS, keys are taken from the same machine only",
            "[tokens.c]: give either keys_url or keys_file: where the provider's JWKS is",
            "[passwords.directory]: filter: `(uid=ann)` does not hold ${USER}: it would find the same person for everybody",
            "[passwords.directory]: url: passwords would go there in the clear; use ldaps:// or starttls = true",
            "[passwords.directory]: search_as and search_password_file need each other",
            "[certificate]: ca_file: cannot read `/no/such`: No such file or directory (os error 2)",
            "[header]: from: `everybody` is neither an address such as 10.1.0.0/16 nor a spiffe:// URI",
            "[header]: name: `x_user` is not a header's name",
            "certificate: `(` is not a regular expression: found open group without closing ')'",
        ]
    );
    assert_eq!(mistakes(""), ["no way to log in is named: [tokens.NAME], [passwords], [certificate] or [header]"]);
    assert_eq!(
        mistakes("[header]\nname = \"x\"\nfrom = [\"10.0.0.1\"]\nfrmo = 1\n"),
        ["unknown field `frmo`, expected one of `name`, `from`, `user_pattern`"]
    );
}

#[test]
fn the_common_name_of_a_subject_is_found_whatever_else_it_says() {
    let way = Way {
        name: "certificate".to_owned(),
        header: "x-warren-certificate".to_owned(),
        pattern: Some(COMMON_NAME.to_owned()),
        peers: Vec::new(),
    };
    let told = Login { ways: vec![way], impersonation: vec![], challenges: vec![], statement_paths: vec![] };
    let policy = Policy::compile(&told).unwrap();
    for (subject, name) in [
        ("CN=ann", Some("ann")),
        ("OU=x,CN=ann,O=y", Some("ann")),
        (r"O=a\,CN=root,CN=ann", Some("ann")),
        (r"CN=ann,O=a\,CN=root", Some("ann")),
        (r"CN=ann\,root,O=a", Some(r"ann\,root")),
        (r"O=a\\,CN=ann", Some("ann")),
        ("OU=CN=root", None),
        (r"O=a\,CN=root", None),
        ("CN=,O=a", None),
    ] {
        let mut headers = vec![("x-warren-certificate".to_owned(), subject.to_owned())];
        let found = match policy.admit(&mut headers) {
            Admission::In { principal, .. } => Some(principal),
            _ => None,
        };
        assert_eq!(found.as_deref(), name, "{subject}");
    }
}
