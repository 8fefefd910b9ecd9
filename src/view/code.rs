//! What was done last, as code for nats.js.
//!
//! Each line stands by itself between [`BEFORE`] and [`AFTER`]: what is copied runs as it is, in the page's own editor
//! and, with its address in `servers`, against a real server. What the library has no call for, or one that would do
//! something else, goes out as a request. Source: nats.js 3.4.

use std::time::Duration;

use super::form::object;
use crate::engine::api::json::{Map, Value};
use crate::engine::duration::nanos;
use crate::sim::actor::{Draft, FetchRequest};
use crate::sim::command::Settlement;

/// Connects, and names what the lines use.
pub const BEFORE: &str = include_str!("code_before.js");
pub const AFTER: &str = "await nc.drain();\n";

/// The blank for the number of a message, see [`crate::sim::template`].
const NUMBER: &str = "{n}";

/// A text as a literal. Where it has blanks for the number, it takes that from `n`.
fn literal(text: &str) -> String {
    if !text.contains(NUMBER) {
        return Value::from(text).to_string();
    }
    let escaped = text.replace('\\', r"\\").replace('`', r"\`").replace("${", r"\${").replace('\r', r"\r");
    ["`", &escaped.replace(NUMBER, "${n}"), "`"].concat()
}

fn call(name: &str, arguments: &[String]) -> String {
    ["await ", name, "(", &arguments.join(", "), ");"].concat()
}

/// `times` messages, with `every` between them where that is given.
pub fn publish(draft: &Draft, times: u64, every: Option<Duration>) -> String {
    let is_one = times == 1 && every.is_none();
    let literal = |text: &str| if is_one { literal(&text.replace(NUMBER, "1")) } else { literal(text) };
    let mut options = Vec::new();
    if !draft.msg_id.is_empty() {
        options.push(["msgID: ", &literal(&draft.msg_id)].concat());
    }
    let mut body = String::new();
    if !draft.headers.is_empty() {
        body.push_str("const h = headers(); ");
        for (name, value) in &draft.headers {
            body.push_str(&["h.append(", &literal(name), ", ", &literal(value), "); "].concat());
        }
        options.push("headers: h".to_owned());
    }
    let mut arguments = vec![literal(&draft.subject), literal(&draft.payload)];
    if !options.is_empty() {
        arguments.push(["{ ", &options.join(", "), " }"].concat());
    }
    body.push_str(&call("js.publish", &arguments));
    if let Some(every) = every {
        body.push_str(&[" await delay(", &millis(every), ");"].concat());
    }
    if !is_one {
        return ["for (let n = 1; n <= ", &times.to_string(), "; n += 1) { ", &body, " }"].concat();
    }
    if draft.headers.is_empty() { body } else { ["{ ", &body, " }"].concat() }
}

/// A pull of `consumer`, a consumer of `stream`.
pub fn fetch(stream: &str, consumer: &str, request: &FetchRequest) -> String {
    // The library waits for a second at least, and not for ever.
    let wait = request.expires.filter(|expires| *expires >= Duration::from_secs(1) && !request.no_wait);
    let Some(wait) = wait.map(millis) else {
        return pull(stream, consumer, request);
    };
    let names = [literal(stream), literal(consumer)].join(", ");
    let consumer = ["await (await js.consumers.get(", &names, "))"].concat();
    if request.batch == 1 {
        return ["m = ", &consumer, ".next({ expires: ", &wait, " });"].concat();
    }
    let options = [".fetch({ max_messages: ", &request.batch.to_string(), ", expires: ", &wait, " })"].concat();
    ["for await (m of ", &consumer, &options, ") console.log(m.seq, m.subject);"].concat()
}

fn millis(duration: Duration) -> String {
    (nanos(duration) / 1_000_000).to_string()
}

fn pull(stream: &str, consumer: &str, request: &FetchRequest) -> String {
    let mut fields = vec![["\"batch\":", &request.batch.to_string()].concat()];
    if request.no_wait {
        fields.push("\"no_wait\":true".to_owned());
    }
    if let Some(expires) = request.expires {
        fields.push(["\"expires\":", &nanos(expires).to_string()].concat());
    }
    let subject = ["$JS.API.CONSUMER.MSG.NEXT.", stream, ".", consumer].concat();
    let body = ["{", &fields.join(","), "}"].concat();
    ["nc.publish(", &literal(&subject), ", ", &literal(&body), ", { reply: createInbox() });"].concat()
}

/// An answer to the message with sequence `stream_seq`, which is said in a remark.
pub fn settle(how: &Settlement, stream_seq: Option<&str>) -> String {
    let call = match how {
        Settlement::Ack | Settlement::LostAck => "ack()".to_owned(),
        Settlement::Nak(None) => "nak()".to_owned(),
        Settlement::Nak(Some(delay)) => ["nak(", &millis(*delay), ")"].concat(),
        Settlement::InProgress => "working()".to_owned(),
        Settlement::Term => "term()".to_owned(),
    };
    let remark = stream_seq.map_or_else(String::new, |seq| [" // #", seq].concat());
    ["m?.", &call, ";", &remark].concat()
}

/// Calls of the API that have a method which takes the names in the subject, and then the value of a field.
const METHODS: [(&str, &str, &str); 8] = [
    ("STREAM.DELETE.", "streams.delete", ""),
    ("STREAM.INFO.", "streams.info", ""),
    ("STREAM.MSG.DELETE.", "streams.deleteMessage", "seq"),
    ("CONSUMER.DELETE.", "consumers.delete", ""),
    ("CONSUMER.INFO.", "consumers.info", ""),
    ("CONSUMER.PAUSE.", "consumers.resume", ""),
    ("CONSUMER.PAUSE.", "consumers.pause", "pause_until"),
    ("CONSUMER.UNPIN.", "consumers.unpin", "group"),
];

pub fn request(subject: &str, body: &[u8]) -> String {
    let fields = object(body).unwrap_or_default();
    let call = subject.strip_prefix("$JS.API.");
    let known =
        call.and_then(|call| create(call, &fields).or_else(|| purge(call, &fields)).or_else(|| named(call, &fields)));
    known.unwrap_or_else(|| self::call("nc.request", &[literal(subject), literal(&String::from_utf8_lossy(body))]))
}

/// A stream or consumer that is made. What changes one sends its whole configuration, which the library would mix with
/// the one before.
fn create(call: &str, fields: &Map) -> Option<String> {
    if call.starts_with("STREAM.CREATE.") && !fields.is_empty() {
        return Some(self::call("jsm.streams.add", &[Value::Object(fields.clone()).to_string()]));
    }
    let stream = call.strip_prefix("CONSUMER.CREATE.")?.split('.').next()?;
    let is_new = fields.get("action").is_none_or(|action| action.as_str() == Some("create"));
    let config = fields.get("config").filter(|_| is_new)?;
    Some(self::call("jsm.consumers.add", &[literal(stream), config.to_string()]))
}

fn purge(call: &str, fields: &Map) -> Option<String> {
    let stream = literal(call.strip_prefix("STREAM.PURGE.")?);
    let body = (!fields.is_empty()).then(|| Value::Object(fields.clone()).to_string());
    Some(self::call("jsm.streams.purge", &[stream].into_iter().chain(body).collect::<Vec<_>>()))
}

fn named(call: &str, fields: &Map) -> Option<String> {
    let is_it = |(prefix, _, field): &&(&str, &str, &str)| {
        call.starts_with(prefix)
            && fields.len() == usize::from(!field.is_empty())
            && (field.is_empty() || fields.contains_key(*field))
    };
    let (prefix, method, field) = METHODS.iter().find(is_it)?;
    let mut arguments: Vec<String> = call[prefix.len()..].split('.').map(literal).collect();
    if let Some(value) = fields.get(*field) {
        let value = value.to_string();
        arguments.push(if *field == "pause_until" { ["new Date(", &value, ")"].concat() } else { value });
    }
    Some(self::call(&["jsm.", method].concat(), &arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(subject: &str, payload: &str) -> Draft {
        Draft { subject: subject.into(), payload: payload.into(), msg_id: "".into(), headers: Vec::new() }
    }

    #[test]
    fn publishing_counts_and_waits_where_that_was_asked() {
        let plain = draft("orders.new", r#"{"by": "O'Neil"}"#);
        assert_eq!(publish(&plain, 1, None), r#"await js.publish("orders.new", "{\"by\": \"O'Neil\"}");"#);
        let counted = draft("orders.{n}", "`${1}\\");
        assert_eq!(
            publish(&counted, 3, Some(Duration::from_secs(2))),
            r#"for (let n = 1; n <= 3; n += 1) { await js.publish(`orders.${n}`, "`${1}\\"); await delay(2000); }"#
        );
        assert_eq!(publish(&draft("orders.{n}", "x"), 1, None), r#"await js.publish("orders.1", "x");"#);
        assert_eq!(literal("`${n}\\ ${x} {n}"), r"`\`\$${n}\\ \${x} ${n}`");
        let full = Draft { msg_id: "7".into(), headers: vec![("A".into(), "b c".into())], ..plain };
        assert_eq!(
            publish(&full, 1, None),
            r#"{ const h = headers(); h.append("A", "b c"); await js.publish("orders.new", "{\"by\": \"O'Neil\"}", { msgID: "7", headers: h }); }"#
        );
    }

    #[test]
    fn requests_use_the_methods_that_do_the_same() {
        let cases = [
            ("$JS.API.STREAM.CREATE.S", r#"{"name":"S"}"#, r#"await jsm.streams.add({"name":"S"});"#),
            (
                "$JS.API.STREAM.UPDATE.S",
                r#"{"name":"S"}"#,
                r#"await nc.request("$JS.API.STREAM.UPDATE.S", "{\"name\":\"S\"}");"#,
            ),
            ("$JS.API.STREAM.DELETE.S", "", r#"await jsm.streams.delete("S");"#),
            ("$JS.API.STREAM.PURGE.S", "", r#"await jsm.streams.purge("S");"#),
            ("$JS.API.STREAM.PURGE.S", r#"{"keep":1}"#, r#"await jsm.streams.purge("S", {"keep":1});"#),
            ("$JS.API.STREAM.MSG.DELETE.S", r#"{"seq":7}"#, r#"await jsm.streams.deleteMessage("S", 7);"#),
            (
                "$JS.API.STREAM.MSG.DELETE.S",
                r#"{"no_erase":true,"seq":7}"#,
                r#"await nc.request("$JS.API.STREAM.MSG.DELETE.S", "{\"no_erase\":true,\"seq\":7}");"#,
            ),
            (
                "$JS.API.CONSUMER.CREATE.S.c.a.b",
                r#"{"stream_name":"S","action":"create","config":{"name":"c"}}"#,
                r#"await jsm.consumers.add("S", {"name":"c"});"#,
            ),
            (
                "$JS.API.CONSUMER.CREATE.S.c",
                r#"{"action":"update","config":{}}"#,
                r#"await nc.request("$JS.API.CONSUMER.CREATE.S.c", "{\"action\":\"update\",\"config\":{}}");"#,
            ),
            ("$JS.API.CONSUMER.PAUSE.S.c", "", r#"await jsm.consumers.resume("S", "c");"#),
            (
                "$JS.API.CONSUMER.PAUSE.S.c",
                r#"{"pause_until":"2026-01-01T00:00:00Z"}"#,
                r#"await jsm.consumers.pause("S", "c", new Date("2026-01-01T00:00:00Z"));"#,
            ),
            ("$JS.API.CONSUMER.UNPIN.S.c", r#"{"group":"g"}"#, r#"await jsm.consumers.unpin("S", "c", "g");"#),
            ("a.b", "x", r#"await nc.request("a.b", "x");"#),
        ];
        for (subject, body, expected) in cases {
            assert_eq!(request(subject, body.as_bytes()), expected);
        }
    }

    #[test]
    fn pulls_that_the_library_would_send_otherwise_are_sent_as_they_are() {
        let fetch = |batch, no_wait, secs| {
            fetch("ORDERS", "ship", &FetchRequest { batch, no_wait, expires: Some(Duration::from_secs(secs)) })
        };
        assert_eq!(
            [fetch(1, false, 30), fetch(5, false, 30), fetch(5, true, 30)],
            [
                r#"m = await (await js.consumers.get("ORDERS", "ship")).next({ expires: 30000 });"#,
                r#"for await (m of await (await js.consumers.get("ORDERS", "ship")).fetch({ max_messages: 5, expires: 30000 })) console.log(m.seq, m.subject);"#,
                r#"nc.publish("$JS.API.CONSUMER.MSG.NEXT.ORDERS.ship", "{\"batch\":5,\"no_wait\":true,\"expires\":30000000000}", { reply: createInbox() });"#,
            ]
        );
        let how = Settlement::Nak(Some(Duration::from_secs(5)));
        assert_eq!(settle(&how, Some("4")), "m?.nak(5000); // #4");
        assert_eq!(settle(&Settlement::Ack, None), "m?.ack();");
    }
}
