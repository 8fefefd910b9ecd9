//! `$JS.API.DIRECT.GET`: the one request whose answers are stored messages and statuses instead of JSON (ADR-31).
//!
//! Source: nats-server `server/stream.go` (`processDirectGetRequest`, `processDirectGetLastBySubjectRequest`).

use super::json::unmarshal;
use super::wire::MsgGetRequest;
use crate::engine::Server;
use crate::engine::asset::is_above_api_level;
use crate::engine::connection::{MAX_PENDING, Message};
use crate::engine::date_time::DateTime;
use crate::engine::message::{HeaderBlock, Headers};
use crate::engine::stream::{DirectGet, DirectSelection, MessageSelector, UpTo};
use crate::engine::time::Timestamp;

impl Server {
    /// Takes a request to stream `name`; `subject` is what stands behind the name in the request's subject. Whether
    /// any stream answers such requests.
    pub(super) fn handle_direct_get(
        &mut self,
        now: Timestamp,
        name: &str,
        subject: Option<&str>,
        message: &Message<'_>,
    ) -> bool {
        let (account, mut ctx) = self.parts(now);
        let answering = account.streams_answering_direct(name);
        let chosen = answering.get(ctx.rng.below(answering.len().max(1) as u64) as usize);
        let Some(stream) = chosen.and_then(|id| account.stream(*id)) else { return false };
        if message.reply.is_empty() {
            return true;
        }
        match parse(subject, message) {
            Ok(get) => stream.handle_direct_get(&mut ctx, message.reply, &get),
            Err(status) => ctx.effects.send_headers(message.reply, &HeaderBlock::with_status(status).finish()),
        }
        true
    }
}

/// # Errors
/// The status that answers the request instead.
fn parse(subject: Option<&str>, message: &Message<'_>) -> Result<DirectGet, &'static str> {
    let level = Headers::new(message.headers).get("Nats-Required-Api-Level").unwrap_or_default();
    if is_above_api_level(level) {
        return Err("412 Required Api Level");
    }
    if let Some(subject) = subject {
        return last_by_subject(subject, message.payload);
    }
    if message.payload.is_empty() {
        return Err("408 Empty Request");
    }
    let asked: MsgGetRequest = unmarshal(message.payload).map_err(|_| "408 Malformed Request")?;
    let MsgGetRequest { seq, last_by_subj, next_by_subj, start_time, multi_last, .. } = &asked;
    let (has_last, has_next, has_multi) = (!last_by_subj.is_empty(), !next_by_subj.is_empty(), !multi_last.is_empty());
    if *seq == 0 && start_time.is_none() && !has_last && !has_next && !has_multi {
        return Err("408 Empty Request");
    }
    let contradicts = (*seq > 0 && (has_last || start_time.is_some()))
        || (has_last && (start_time.is_some() || has_next || asked.batch > 0 || has_multi))
        || (has_next && has_multi)
        || (asked.up_to_seq > 0 && asked.up_to_time.is_some());
    if contradicts {
        return Err("408 Bad Request");
    }
    let (batch, max_bytes, no_hdr) = (batch(asked.batch), max_bytes(asked.max_bytes), asked.no_hdr);
    let what = if has_multi { last_of_each(asked) } else { DirectSelection::Message(selector(asked)) };
    Ok(DirectGet { what, batch, max_bytes, no_hdr })
}

/// The form whose subject names the message's subject, and whose body only says how to answer.
fn last_by_subject(subject: &str, body: &[u8]) -> Result<DirectGet, &'static str> {
    let asked: MsgGetRequest = if body.is_empty() {
        MsgGetRequest::default()
    } else {
        unmarshal(body).map_err(|_| "408 Malformed Request")?
    };
    let says_more = asked.seq != 0
        || asked.batch != 0
        || asked.up_to_seq != 0
        || asked.start_time.is_some()
        || asked.up_to_time.is_some()
        || !(asked.last_by_subj.is_empty() && asked.next_by_subj.is_empty() && asked.multi_last.is_empty());
    if says_more {
        return Err("408 Bad Request");
    }
    let what = DirectSelection::Message(MessageSelector::LastBySubject(subject.to_owned()));
    Ok(DirectGet { what, batch: None, max_bytes: max_bytes(asked.max_bytes), no_hdr: asked.no_hdr })
}

fn selector(asked: MsgGetRequest) -> MessageSelector {
    let MsgGetRequest { seq, last_by_subj, next_by_subj, start_time, .. } = asked;
    match (start_time.map(DateTime::to_wrapped_timestamp), next_by_subj.is_empty()) {
        (Some(since), true) => MessageSelector::Since(since),
        (Some(since), false) => MessageSelector::NextSince(next_by_subj, since),
        (None, false) => MessageSelector::NextBySubject(next_by_subj, seq),
        (None, true) if seq > 0 => MessageSelector::Seq(seq),
        (None, true) => MessageSelector::LastBySubject(last_by_subj),
    }
}

fn last_of_each(asked: MsgGetRequest) -> DirectSelection {
    let up_to = match (asked.up_to_seq, asked.up_to_time) {
        (0, None) => UpTo::End,
        (seq, None) => UpTo::Seq(seq),
        (_, Some(time)) => UpTo::Before(time.to_wrapped_timestamp()),
    };
    DirectSelection::LastOfEach { filters: asked.multi_last.iter().cloned().collect(), from: asked.seq, up_to }
}

/// Below 0 asks for no message, and still for the status at the end.
fn batch(asked: i64) -> Option<u64> {
    (asked != 0).then(|| u64::try_from(asked).unwrap_or(0))
}

/// 0 means as much as a client may have waiting; below 0 the first message is enough.
fn max_bytes(asked: i64) -> u64 {
    if asked == 0 { MAX_PENDING as u64 } else { u64::try_from(asked).unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(subject: Option<&str>, body: &str) -> Result<DirectGet, &'static str> {
        parse(subject, &Message { payload: body.as_bytes(), ..Message::default() })
    }

    fn one(selector: MessageSelector) -> DirectGet {
        let what = DirectSelection::Message(selector);
        DirectGet { what, batch: None, max_bytes: MAX_PENDING as u64, no_hdr: false }
    }

    #[test]
    fn requests_that_select_messages() {
        use MessageSelector::{LastBySubject, NextBySubject, NextSince, Seq, Since};
        let since = Timestamp::SIMULATION_START;
        let (time, a) = (r#""start_time":"2026-01-01T01:00:00+01:00""#, || "a".to_owned());
        for (body, expected) in [
            (r#"{"seq":3,"unknown":1}"#, one(Seq(3))),
            (r#"{"last_by_subj":"a"}"#, one(LastBySubject(a()))),
            (r#"{"next_by_subj":"a"}"#, one(NextBySubject(a(), 0))),
            (r#"{"next_by_subj":"a","seq":3}"#, one(NextBySubject(a(), 3))),
            (&format!("{{{time}}}"), one(Since(since))),
            (&format!(r#"{{{time},"next_by_subj":"a"}}"#), one(NextSince(a(), since))),
            (r#"{"seq":1,"no_hdr":true,"max_bytes":5}"#, DirectGet { no_hdr: true, max_bytes: 5, ..one(Seq(1)) }),
            (r#"{"seq":1,"batch":2}"#, DirectGet { batch: Some(2), ..one(Seq(1)) }),
            (r#"{"seq":1,"batch":-2,"max_bytes":-5}"#, DirectGet { batch: Some(0), max_bytes: 0, ..one(Seq(1)) }),
        ] {
            assert_eq!(parsed(None, body), Ok(expected), "{body}");
        }
        for (body, from, up_to) in [
            (r#"{"multi_last":["a"]}"#, 0, UpTo::End),
            (r#"{"multi_last":["a"],"up_to_seq":4,"seq":2}"#, 2, UpTo::Seq(4)),
            (r#"{"multi_last":["a"],"up_to_time":"2026-01-01T00:00:00Z"}"#, 0, UpTo::Before(since)),
        ] {
            let what = DirectSelection::LastOfEach { filters: vec![a()], from, up_to };
            assert_eq!(parsed(None, body).map(|get| get.what), Ok(what), "{body}");
        }
        let last = one(LastBySubject("a.*".to_owned()));
        assert_eq!(parsed(Some("a.*"), ""), Ok(last.clone()));
        assert_eq!(parsed(Some("a.*"), r#"{"no_hdr":true}"#), Ok(DirectGet { no_hdr: true, ..last }));
    }

    #[test]
    fn requests_that_do_not() {
        for (body, status) in [
            ("", "408 Empty Request"),
            ("{}", "408 Empty Request"),
            (r#"{"batch":3,"multi_last":[]}"#, "408 Empty Request"),
            ("x", "408 Malformed Request"),
            (r#"{"seq":-1}"#, "408 Malformed Request"),
            (r#"{"seq":1,"last_by_subj":"a"}"#, "408 Bad Request"),
            (r#"{"last_by_subj":"a","batch":1}"#, "408 Bad Request"),
            (r#"{"last_by_subj":"a","next_by_subj":"a"}"#, "408 Bad Request"),
            (r#"{"next_by_subj":"a","multi_last":["a"]}"#, "408 Bad Request"),
            (r#"{"seq":1,"start_time":"2026-01-01T00:00:00Z"}"#, "408 Bad Request"),
            (r#"{"seq":1,"up_to_seq":1,"up_to_time":"2026-01-01T00:00:00Z"}"#, "408 Bad Request"),
        ] {
            assert_eq!(parsed(None, body), Err(status), "{body}");
        }
        for (body, status) in [(r#"{"seq":1}"#, "408 Bad Request"), ("x", "408 Malformed Request")] {
            assert_eq!(parsed(Some("a"), body), Err(status), "{body}");
        }
        let headers = b"NATS/1.0\r\nNats-Required-Api-Level: 9\r\n\r\n";
        let above = Message { headers, payload: b"x", ..Message::default() };
        assert_eq!(parse(None, &above), Err("412 Required Api Level"));
    }
}
