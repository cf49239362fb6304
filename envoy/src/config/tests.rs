use super::*;

fn flags(pairs: &[(&str, &str)]) -> Written {
    let text: String = pairs.iter().map(|(k, v)| format!("{k} = {v:?}\n")).collect();
    toml::from_str(&text).unwrap()
}

#[test]
fn needs_only_a_database() {
    let config = Config::read(flags(&[("database_url", "postgres://u:p@db/warren")]), None).ok().unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.default_group, "adhoc");
    assert_eq!(config.database(), "db:5432/warren");
}

#[test]
fn reports_every_mistake_at_once() {
    let written = flags(&[
        ("listen", "8080"),
        ("api_listen", "0.0.0.0:18080"),
        ("trusted_hops", "-1"),
        ("poll", "5"),
        ("no_cluster_status", "404"),
        ("extra_paths", "/v1/x,c"),
        ("body_limit", "10"),
        ("history_text", "half"),
        ("history_text_bytes", "0"),
    ]);
    let errors = Config::read(written, None).err().unwrap();
    assert_eq!(
        errors.0,
        [
            "database_url: missing; give --database-url postgres://USER:PASSWORD@HOST:PORT/DATABASE or WARREN_DATABASE_URL",
            "api_listen: 0.0.0.0:18080 can be reached from other machines; give --api-token-file or --users",
            "listen: `8080` is not of the form IP:PORT",
            "history_text: `half` is none of full, hashed, off",
            "history_text_bytes: `0` is not a number of bytes from 1 to 1000000",
            "trusted_hops: `-1` is not a number from 0 up",
            "extra_paths: `/v1/x,c` holds `c`: a path starts with / and is not under /c/",
            "no_cluster_status: `404` is neither 503 nor 200",
            "body_limit: `10` is not a number of bytes from 1024 to 8388608",
            "poll: `5` is not a duration such as 500ms, 5s, 10m, 1h or 7d",
        ]
    );
}

#[test]
fn a_certificate_and_its_key_come_together() {
    let mistakes = |settings: &[(&str, &str)]| {
        let database = ("database_url", "postgres://db/w");
        let written: Vec<_> = settings.iter().copied().chain([database]).collect();
        Config::read(flags(&written), None).err().unwrap().0
    };
    assert_eq!(mistakes(&[("tls_certificate", "/c.pem")]), ["tls_key: missing; --tls-certificate needs its key"]);
    assert_eq!(
        mistakes(&[("tls_key", "/k.pem")]),
        ["tls_certificate: missing; --tls-key says which key belongs to it"]
    );
    assert_eq!(
        mistakes(&[("tls_certificate", "c.pem"), ("tls_key", "/k.pem")]),
        ["tls_certificate: `c.pem` is not a path from / on"]
    );
}

#[test]
fn flags_win_over_the_file_and_the_file_over_defaults() {
    let file = "database_url = \"postgres://db/warren\"\ntrusted_hops = 2\nlisten = \"127.0.0.1:1\"\nextra_paths = [\"/v1/a\", \"/v1/b\"]\n";
    let config = Config::read(flags(&[("listen", "127.0.0.1:2")]), Some(("warren.toml", file))).ok().unwrap();
    assert_eq!((config.listen.port(), config.trusted_hops), (2, 2));
    assert_eq!(config.extra_paths, ["/v1/a", "/v1/b"]);
}

#[test]
fn a_typo_in_the_file_is_named_with_its_line() {
    let errors = Config::read(flags(&[("database_url", "postgres://db/w")]), Some(("warren.toml", "lisen = \"x\"\n")))
        .err()
        .unwrap();
    assert!(errors.0[0].starts_with("warren.toml: line 1, column 1: unknown field `lisen`"), "{errors}");
}

#[test]
fn never_shows_the_password() {
    let errors = Config::read(flags(&[("database_url", "mysql://u:secret@db/w")]), None).err().unwrap();
    assert_eq!(errors.0, ["database_url: does not start with postgres://"]);
}

#[test]
fn a_slip_beside_the_password_does_not_show_it() {
    let file = "listen = \"127.0.0.1:1\"\ndatabase_url = \"postgres://u:secret@db/w\n";
    let errors = Config::read(flags(&[]), Some(("warren.toml", file))).err().unwrap();
    assert!(errors.0[0].starts_with("warren.toml: line 2, column "), "{errors}");
    assert!(!errors.to_string().contains("secret"), "{errors}");
}
