//! Why the other side was not believed, in words, however deep in an error it stands.

use rustls::CertificateError;
use std::error::Error;
use std::io;

/// What is wrong with the certificate that a server showed, or with what it wants; none if that is not what went wrong.
pub(crate) fn not_believed(error: &(dyn Error + 'static)) -> Option<String> {
    match innermost(error)? {
        rustls::Error::InvalidCertificate(wrong) => Some(wrong_with(wrong)),
        rustls::Error::InvalidMessage(_) => Some("it does not speak TLS there".to_owned()),
        rustls::Error::AlertReceived(alert) => {
            Some(format!("it ended TLS ({alert:?}); it may ask for a client's certificate"))
        }
        _ => None,
    }
}

/// What a client did that is not let in.
pub(crate) fn not_let_in(error: &io::Error) -> String {
    match innermost(error) {
        Some(rustls::Error::InvalidCertificate(wrong)) => wrong_with(wrong),
        Some(rustls::Error::NoCertificatesPresented) => "it showed no certificate".to_owned(),
        Some(rustls::Error::InvalidMessage(_)) => "it did not speak TLS".to_owned(),
        Some(rustls::Error::AlertReceived(alert)) => format!("it did not like ours: {alert:?}"),
        _ => error.to_string(),
    }
}

fn innermost<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>() {
            // What is inside is no source of it.
            Some(outside) => outside.get_ref().map(|inside| inside as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    None
}

fn wrong_with(wrong: &CertificateError) -> String {
    match wrong {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate was signed by nobody who is trusted".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            format!("its certificate is not for {}, but for {}", expected.to_str(), presented.join(", "))
        }
        CertificateError::ApplicationVerificationFailure => {
            "its certificate has none of the names that may come in".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired".to_owned(),
        other => format!("its certificate is not believed: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_however_deep_it_is() {
        let wrong = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let outer = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, wrong));
        assert_eq!(not_believed(&outer), Some("its certificate was signed by nobody who is trusted".to_owned()));
        assert_eq!(not_believed(&io::Error::from(io::ErrorKind::TimedOut)), None);
    }

    #[test]
    fn what_a_client_did_is_told() {
        let told = |error: rustls::Error| not_let_in(&io::Error::new(io::ErrorKind::InvalidData, error));
        assert_eq!(told(rustls::Error::NoCertificatesPresented), "it showed no certificate");
        assert_eq!(told(rustls::InvalidMessage::InvalidContentType.into()), "it did not speak TLS");
        assert_eq!(not_let_in(&io::Error::other("gone")), "gone");
    }

    #[test]
    fn a_wrong_name_is_told_with_the_right_ones() {
        let wrong = rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            expected: "db.example".try_into().unwrap(),
            presented: vec!["DnsName(\"localhost\")".to_owned()],
        });
        let said = "its certificate is not for db.example, but for DnsName(\"localhost\")";
        assert_eq!(not_believed(&wrong), Some(said.to_owned()));
    }
}
