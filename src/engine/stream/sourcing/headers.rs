//! What tells one source from another, and the header that says where a sourced message came from.
//!
//! Source: nats-server `server/stream.go` (`composeIName`, `genSourceHeader`, `streamAndSeq`).

use std::borrow::Cow;

use crate::engine::message::HeaderBlock;
use crate::engine::short_hash::short_hash;
use crate::engine::stream::config::StreamSource;

/// Says of a sourced message where it came from.
pub(in crate::engine::stream) const STREAM_SOURCE: &str = "Nats-Stream-Source";
/// Stands between the filters of a source, and between its destinations.
const SEPARATOR: &str = "\x0c";

/// Names a source among those of its stream: by everything but where it starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceName {
    origin: String,
    filters: String,
    destinations: String,
}

impl SourceName {
    pub fn of(source: &StreamSource) -> Self {
        let mut origin = source.name.clone();
        if let Some(external) = &source.external {
            origin = format!("{origin}:{}", short_hash(&external.api));
        }
        if let Some(consumer) = &source.consumer {
            origin = format!("{origin}:C={}", short_hash(&consumer.name));
        }
        let or_all = |text: &str| if text.is_empty() { ">".to_owned() } else { text.to_owned() };
        let transforms = &source.subject_transforms;
        if transforms.is_empty() {
            let filters = or_all(source.filter_subject.as_deref().unwrap_or_default());
            return Self { origin, filters, destinations: or_all("") };
        }
        let filters: Vec<String> = transforms.iter().map(|transform| or_all(transform.src())).collect();
        let destinations: Vec<String> = transforms.iter().map(|transform| or_all(transform.dest())).collect();
        Self { origin, filters: filters.join(SEPARATOR), destinations: destinations.join(SEPARATOR) }
    }

    /// The value of the header of a message that stands in the origin under `seq` and `subject`. `identity` is that of
    /// the origin, or empty.
    pub fn header(&self, seq: u64, subject: &[u8], identity: &str) -> Vec<u8> {
        let Self { origin, filters, destinations } = self;
        let mut value = format!("{origin} {seq} {filters} {destinations} ").into_bytes();
        value.extend_from_slice(subject);
        if !identity.is_empty() {
            value.push(b' ');
            value.extend_from_slice(identity.as_bytes());
        }
        value
    }
}

impl std::fmt::Display for SourceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.origin, self.filters, self.destinations)
    }
}

/// The header of a sourced message, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceHeader {
    pub name: SourceName,
    pub seq: u64,
    /// Empty if the header does not tell.
    pub identity: String,
}

impl SourceHeader {
    pub fn parse(value: &[u8]) -> Option<Self> {
        let fields: Vec<&str> = std::str::from_utf8(value).ok()?.split(' ').collect();
        let [origin, seq, filters, destinations, ..] = *fields.as_slice() else { return None };
        Some(Self {
            name: SourceName {
                origin: origin.to_owned(),
                filters: filters.to_owned(),
                destinations: destinations.to_owned(),
            },
            seq: seq.parse().ok()?,
            identity: fields.get(5).map(|identity| (*identity).to_owned()).unwrap_or_default(),
        })
    }
}

/// The name of the origin and the subject that a message had there, as its header has them.
pub(in crate::engine::stream) fn origin_and_subject(value: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut fields = value.split(|byte| *byte == b' ');
    (fields.next().unwrap_or_default(), fields.nth(3))
}

/// The header block of a mirrored message: without what asked something of the origin alone.
pub fn mirrored(block: &[u8]) -> Cow<'_, [u8]> {
    without(block, |name| name.starts_with(b"Nats-Expected-") || name.starts_with(b"Nats-Batch-"))
}

/// The header block of a sourced message: as that of a mirrored one, with `header` as the last word on its source.
pub fn sourced(block: &[u8], header: &[u8]) -> Vec<u8> {
    let kept = without(block, |name| {
        name == STREAM_SOURCE.as_bytes() || name.starts_with(b"Nats-Expected-") || name.starts_with(b"Nats-Batch-")
    });
    let mut block = HeaderBlock::from_bytes(&kept);
    block.push(STREAM_SOURCE, header);
    block.finish()
}

/// Leaves the headers out that `is_it` names. If none is left, nothing of the block is.
fn without(block: &[u8], is_it: impl Fn(&[u8]) -> bool) -> Cow<'_, [u8]> {
    let is_left_out =
        |line: &&[u8]| line.iter().position(|byte| *byte == b':').is_some_and(|colon| is_it(&line[..colon]));
    let lines = || block.split_inclusive(|byte| *byte == b'\n');
    if !lines().any(|line| is_left_out(&line)) {
        return block.into();
    }
    let kept: Vec<u8> = lines().filter(|line| !is_left_out(line)).flatten().copied().collect();
    let is_empty = kept.len() <= HeaderBlock::new().finish().len();
    if is_empty { Cow::default() } else { kept.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::stream::config::StreamConsumerSource;
    use crate::engine::transform::SubjectTransform;

    const ORIGIN: StreamSource = StreamSource {
        name: String::new(),
        opt_start_seq: None,
        opt_start_time: None,
        filter_subject: None,
        subject_transforms: crate::engine::list::List::ABSENT,
        external: None,
        consumer: None,
    };

    #[test]
    fn names_and_headers() {
        let plain = StreamSource { name: "O".to_owned(), ..ORIGIN };
        assert_eq!(SourceName::of(&plain).header(3, b"o.a", "k5RNs7EF"), b"O 3 > > o.a k5RNs7EF");
        let filtered = StreamSource { filter_subject: Some("o.b".to_owned()), opt_start_seq: Some(7), ..plain.clone() };
        assert_eq!(SourceName::of(&filtered).to_string(), "O o.b >");
        let consumer = StreamConsumerSource { name: "D".to_owned(), deliver_subject: "d.D".to_owned() };
        let durable = StreamSource { consumer: Some(consumer), ..plain.clone() };
        assert_eq!(SourceName::of(&durable).to_string(), "O:C=1vR9AhxX > >");
        let transforms =
            [("o.a", "x"), ("o.*", "")].map(|(src, dest)| SubjectTransform::checked(src, dest).expect("valid"));
        let transformed = StreamSource { subject_transforms: transforms.into_iter().collect(), ..plain };
        assert_eq!(SourceName::of(&transformed).header(1, b"o.a", ""), b"O 1 o.a\x0co.* x\x0c> o.a");
    }

    #[test]
    fn headers_are_read_back() {
        let header = SourceHeader::parse(b"O 3 o.> t.> o.a k5RNs7EF").expect("is one");
        assert_eq!(
            (header.name.to_string().as_str(), header.seq, header.identity.as_str()),
            ("O o.> t.>", 3, "k5RNs7EF")
        );
        assert_eq!(SourceHeader::parse(b"O 3 > > o.a").map(|header| header.identity), Some(String::new()));
        assert_eq!((SourceHeader::parse(b"O 3"), SourceHeader::parse(b"O x > >")), (None, None));
        assert_eq!(origin_and_subject(b"O 3 > > o.a x"), (&b"O"[..], Some(&b"o.a"[..])));
    }

    #[test]
    fn what_was_asked_of_the_origin_is_left_out() {
        let block =
            b"NATS/1.0\r\nNats-Expected-Stream: O\r\nK: v\r\nNats-Batch-Id: 1\r\nNats-Stream-Source: A 1 > > a\r\n\r\n";
        assert_eq!(*mirrored(block), b"NATS/1.0\r\nK: v\r\nNats-Stream-Source: A 1 > > a\r\n\r\n"[..]);
        assert_eq!(sourced(block, b"O 2 > > a"), b"NATS/1.0\r\nK: v\r\nNats-Stream-Source: O 2 > > a\r\n\r\n");
        assert_eq!(*mirrored(b"NATS/1.0\r\nNats-Expected-Stream: O\r\n\r\n"), b""[..]);
        assert_eq!(*mirrored(b"NATS/1.0\r\n\r\n"), b"NATS/1.0\r\n\r\n"[..]);
        assert_eq!(sourced(b"", b"x"), b"NATS/1.0\r\nNats-Stream-Source: x\r\n\r\n");
    }
}
