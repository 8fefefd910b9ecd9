//! What was done last, as commands of the `nats` tool, or as client code ([`code`]).
//!
//! A command that would do something else is not shown: what the tool has no flag for goes out as a request, which every
//! version of it can send. Source: natscli v0.4.0.

use std::rc::Rc;

use super::form::object;
use super::text::form_duration;
use super::{Scene, code};
use crate::engine::api::json::{Map, Value};
use crate::engine::message::Headers;
use crate::engine::table::ConnId;
use crate::sim::actor::{ActorId, Draft, FetchRequest, PublisherScript, Worker};
use crate::sim::command::{Command, Settlement};
use crate::sim::journal::Entry;
use crate::sim::template::is_by_chance;
use crate::sim::wire::Frame;
use crate::texts::drawer as texts;

/// The last commands that are shown.
const SHOWN: usize = 12;
/// Commands that are looked through for them.
const LOOKED_AT: usize = 200;
/// Messages of a publisher that never ends.
const MANY: u64 = 1_000_000;
/// The token of an ack's subject that is the sequence in the stream.
const STREAM_SEQ: usize = 5;
/// The blank for the number of a message, see [`crate::sim::template`].
const NUMBER: &str = "{n}";
/// A longer command is not shown in full.
const MAX_LENGTH: usize = 2_000;

/// What the lines are written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Face {
    /// The `nats` tool.
    #[default]
    Nats,
    /// nats.js.
    NatsJs,
}

impl Face {
    pub const ALL: [Self; 2] = [Self::Nats, Self::NatsJs];

    /// By its own name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nats => "nats",
            Self::NatsJs => "nats.js",
        }
    }
}

/// A command line, or one of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliLine {
    pub text: String,
    /// Words about what the tool has no command for.
    pub is_remark: bool,
}

/// The last commands, the newest last.
pub fn lines(scene: Scene<'_>) -> Rc<[CliLine]> {
    let now = scene.simulation.moment();
    // In the past, what was done later has not been done yet.
    let entries = scene.simulation.journal().entries().rev().skip_while(|entry| entry.moment >= now).take(LOOKED_AT);
    let mut lines: Vec<CliLine> = entries.filter_map(|entry| line(scene, entry)).take(SHOWN).collect();
    lines.reverse();
    lines.into()
}

/// The lines as they are copied: remarks as comments, and code with what it needs to run.
pub fn as_text(face: Face, lines: &[CliLine]) -> String {
    let (before, sign, after) = match face {
        Face::Nats => ("", "# ", ""),
        Face::NatsJs => (code::BEFORE, "// ", code::AFTER),
    };
    let lines = lines.iter().map(|line| [if line.is_remark { sign } else { "" }, &line.text, "\n"].concat());
    [before, &lines.collect::<String>(), after].concat()
}

fn line(scene: Scene<'_>, entry: &Entry) -> Option<CliLine> {
    let actor = |id: ActorId| scene.world.actors().get(id);
    let is_code = scene.focus.drawer.face == Face::NatsJs;
    if let Command::AddPublisher { script: PublisherScript { draft, every: Some(_), .. }, .. }
    | Command::SetPublisherScript { script: PublisherScript { draft, every: Some(_), .. }, .. }
    | Command::Publish { draft, times: 2.., .. } = &entry.command
        && let Some(template) = draft.texts().into_iter().find(|text| is_by_chance(text))
    {
        return remark(texts::CHOSEN_EACH_TIME.with([&template]));
    }
    let text = match &entry.command {
        Command::AddPublisher { script, .. } | Command::SetPublisherScript { script, .. } if is_code => {
            code::publish(&script.draft, script.count.unwrap_or(MANY), Some(script.every?))
        }
        Command::AddPublisher { script, .. } | Command::SetPublisherScript { script, .. } => publish_every(script)?,
        Command::Publish { publisher, draft, times: 1 } => {
            let filled = filled(scene, entry.moment, actor(*publisher)?.conn, draft);
            let draft = filled.as_ref().unwrap_or(draft);
            if is_code { code::publish(draft, 1, None) } else { publish(draft) }
        }
        Command::Publish { draft, times, .. } if is_code => code::publish(draft, (*times).into(), None),
        Command::Publish { draft, times, .. } => {
            let mut text = publish(draft);
            words(&mut text, &["--count", &times.to_string()]);
            text
        }
        Command::Fetch { worker, request } if is_code => {
            let worker = actor(*worker)?.worker()?;
            code::fetch(&worker.stream, &worker.consumer, request)
        }
        Command::Fetch { worker, request } => fetch(actor(*worker)?.worker()?, request),
        Command::Request { subject, body } if is_code => code::request(subject, body),
        Command::Request { subject, body } => request(subject, body),
        Command::Settle { worker, consumer_seq, how } => {
            let actor = actor(*worker)?;
            if *how == Settlement::LostAck {
                return remark(texts::LOST_ACK.with([&actor.name, consumer_seq]));
            }
            match sent_ack(scene, entry.moment, actor.worker()?, *consumer_seq) {
                Some(ack) if is_code => code::settle(how, ack.subject.split('.').nth(STREAM_SEQ)),
                Some(ack) => {
                    let mut text = String::from("nats pub");
                    words(&mut text, &[ack.subject, ack.payload]);
                    text
                }
                None => return remark(texts::ANSWERED.with([&actor.name, consumer_seq])),
            }
        }
        Command::Kill { client } => return remark(texts::LOST_CONNECTION.with([&actor(*client)?.name])),
        Command::CutLink { stream, is_cut, .. } => {
            let says = if *is_cut { texts::LINK_CUT } else { texts::LINK_MENDED };
            return remark(says.with([stream]));
        }
        _ => return None,
    };
    if text.len() > MAX_LENGTH {
        return remark(texts::COMMAND_TOO_LONG.with([&text.len()]));
    }
    Some(CliLine { text, is_remark: false })
}

fn remark(text: String) -> Option<CliLine> {
    Some(CliLine { text, is_remark: true })
}

/// Adds words as a shell reads them.
fn words(text: &mut String, words: &[&str]) {
    for word in words {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
        if !text.is_empty() {
            text.push(' ');
        }
        if !word.is_empty() && word.chars().all(is_plain) {
            text.push_str(word);
            continue;
        }
        text.push('\'');
        for c in word.chars() {
            if c == '\'' { text.push_str(r"'\''") } else { text.push(c) }
        }
        text.push('\'');
    }
}

/// The tool has a blank of its own for the number of a message.
fn template(text: &str) -> String {
    text.replace(NUMBER, "{{Count}}")
}

fn publish(draft: &Draft) -> String {
    let mut text = String::from("nats pub");
    words(&mut text, &[&template(&draft.subject), &template(&draft.payload)]);
    let msg_id = Some(("Nats-Msg-Id", &*draft.msg_id)).filter(|(_, id)| !id.is_empty());
    let headers = draft.headers.iter().map(|(name, value)| (&**name, &**value));
    for (name, value) in headers.chain(msg_id) {
        words(&mut text, &["-H", &[name, ":", &template(value)].concat()]);
    }
    text + " --jetstream"
}

/// A publish as it went over the wire.
struct Sent<'a> {
    conn: ConnId,
    subject: &'a str,
    headers: &'a [u8],
    payload: &'a str,
}

impl<'a> Sent<'a> {
    fn of(frame: &'a Frame) -> Option<Self> {
        let end = frame.bytes.windows(2).position(|two| two == b"\r\n")?;
        let words: Vec<&str> = std::str::from_utf8(&frame.bytes[..end]).ok()?.split(' ').collect();
        let number = |word: &str| word.parse::<usize>().ok();
        let (subject, headers, size) = match words[..] {
            ["PUB", subject, .., size] => (subject, 0, size),
            ["HPUB", subject, _, headers, size] => (subject, number(headers)?, size),
            _ => return None,
        };
        let (headers, payload) = frame.bytes.get(end + 2..)?.get(..number(size)?)?.split_at_checked(headers)?;
        Some(Self { conn: frame.conn, subject, headers, payload: std::str::from_utf8(payload).ok()? })
    }
}

/// What clients published behind `moment`, as long as the wire remembers it: the newest of which `is_it` holds.
fn sent<'a>(scene: Scene<'a>, moment: u64, is_it: &dyn Fn(&Sent<'a>) -> bool) -> Option<Sent<'a>> {
    for entry in scene.simulation.wire().entries().rev() {
        if entry.moment <= moment {
            break;
        }
        if entry.moment == moment + 1
            && entry.frame.from_client
            && let Some(sent) = Sent::of(&entry.frame).filter(|sent| is_it(sent))
        {
            return Some(sent);
        }
    }
    None
}

/// What became of `draft`, with its blanks filled.
fn filled(scene: Scene<'_>, moment: u64, conn: Option<ConnId>, draft: &Draft) -> Option<Draft> {
    let sent = sent(scene, moment, &|sent| Some(sent.conn) == conn)?;
    let msg_id = Headers::new(sent.headers).get("Nats-Msg-Id").unwrap_or_default();
    Some(Draft {
        subject: sent.subject.to_owned(),
        payload: sent.payload.to_owned(),
        msg_id: String::from_utf8_lossy(msg_id).into_owned(),
        headers: draft.headers.clone(),
    })
}

/// The answer of `worker` to a delivery, also where it has another connection by now.
fn sent_ack<'a>(scene: Scene<'a>, moment: u64, worker: &Worker, consumer_seq: u64) -> Option<Sent<'a>> {
    let (before, seq) = (["$JS.ACK.", &worker.stream, ".", &worker.consumer, "."].concat(), consumer_seq.to_string());
    sent(scene, moment, &|sent| {
        sent.subject.starts_with(&before) && sent.subject.split('.').nth(STREAM_SEQ + 1) == Some(&seq)
    })
}

/// A publisher with a script; `None` for one that publishes by hand.
fn publish_every(script: &PublisherScript) -> Option<String> {
    let every = u64::try_from(script.every?.as_nanos()).ok()?;
    let mut text = publish(&script.draft);
    let count = script.count.unwrap_or(MANY).to_string();
    words(&mut text, &["--count", &count, "--sleep", &form_duration(every)]);
    Some(text)
}

fn fetch(worker: &Worker, request: &FetchRequest) -> String {
    let mut text = String::from("nats consumer next");
    words(&mut text, &[&worker.stream, &worker.consumer, "--count", &request.batch.to_string(), "--no-ack"]);
    if let Some(expires) = request.expires.and_then(|expires| u64::try_from(expires.as_nanos()).ok()) {
        words(&mut text, &["--timeout", &form_duration(expires)]);
    }
    text
}

/// Calls of the API that the tool has a verb for; the subject goes on with the names.
const VERBS: [(&str, &str); 9] = [
    ("STREAM.DELETE.", "stream rm"),
    ("STREAM.PURGE.", "stream purge"),
    ("STREAM.MSG.DELETE.", "stream rmm"),
    ("STREAM.INFO.", "stream info"),
    ("CONSUMER.DELETE.", "consumer rm"),
    ("CONSUMER.INFO.", "consumer info"),
    ("CONSUMER.PAUSE.", "consumer resume"),
    ("CONSUMER.RESET.", "consumer reset"),
    ("CONSUMER.UNPIN.", "consumer unpin"),
];

fn request(subject: &str, body: &[u8]) -> String {
    let fields = object(body).unwrap_or_default();
    let call = subject.strip_prefix("$JS.API.");
    if let Some(text) = call.and_then(|call| command(call, &fields).or_else(|| create(call, &fields))) {
        return text;
    }
    // On one line, as it is typed; a message is left as it is.
    let value = call.and_then(|_| Value::parse(body));
    let body = value.map_or_else(|| String::from_utf8_lossy(body).into_owned(), |value| value.to_string());
    let mut text = String::from("nats req");
    words(&mut text, &[subject, &body]);
    text
}

/// A call that the tool has a verb for, if it has a flag for every field.
fn command(call: &str, fields: &Map) -> Option<String> {
    let (names, verb) = VERBS.iter().find_map(|(prefix, verb)| Some((call.strip_prefix(prefix)?, *verb)))?;
    let mut text = ["nats ", verb].concat();
    for name in names.split('.') {
        words(&mut text, &[name]);
    }
    for (name, value) in fields.iter() {
        let flag = match (verb, name.as_str()) {
            ("stream purge", "keep") => "--keep=",
            ("stream purge", "seq") => "--seq=",
            ("consumer reset", "seq") => "--sequence=",
            ("stream purge", "filter") => "--subject=",
            ("stream rmm", "seq") | ("consumer unpin", "group") => "",
            _ => return None,
        };
        words(&mut text, &[&[flag, &plain(value)].concat()]);
    }
    if !verb.ends_with("info") {
        text.push_str(" -f");
    }
    Some(text)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// How a field of a configuration is written as flags.
#[derive(Clone, Copy)]
enum Flag {
    /// As it is.
    Text(&'static str),
    /// One for each element.
    List(&'static str),
    Nanos(&'static str),
    /// There if it is true.
    On(&'static str),
}

use Flag::{List, Nanos, On, Text};

const STREAM_FLAGS: [(&str, Flag); 17] = [
    ("subjects", List("--subjects")),
    ("description", Text("--description")),
    ("storage", Text("--storage")),
    ("discard", Text("--discard")),
    ("max_age", Nanos("--max-age")),
    ("max_bytes", Text("--max-bytes")),
    ("max_consumers", Text("--max-consumers")),
    ("max_msg_size", Text("--max-msg-size")),
    ("max_msgs", Text("--max-msgs")),
    ("max_msgs_per_subject", Text("--max-msgs-per-subject")),
    ("duplicate_window", Nanos("--dupe-window")),
    ("allow_rollup_hdrs", On("--allow-rollup")),
    ("deny_delete", On("--deny-delete")),
    ("deny_purge", On("--deny-purge")),
    ("allow_msg_ttl", On("--allow-msg-ttl")),
    ("allow_atomic", On("--allow-batch")),
    ("allow_msg_schedules", On("--allow-schedules")),
];

const CONSUMER_FLAGS: [(&str, Flag); 16] = [
    ("description", Text("--description")),
    ("ack_policy", Text("--ack")),
    ("ack_wait", Nanos("--wait")),
    ("max_deliver", Text("--max-deliver")),
    ("filter_subject", Text("--filter")),
    ("filter_subjects", List("--filter")),
    ("replay_policy", Text("--replay")),
    ("max_waiting", Text("--max-waiting")),
    ("max_ack_pending", Text("--max-pending")),
    ("headers_only", On("--headers-only")),
    ("deliver_subject", Text("--target")),
    ("deliver_group", Text("--deliver-group")),
    ("idle_heartbeat", Nanos("--heartbeat")),
    ("flow_control", On("--flow-control")),
    ("inactive_threshold", Nanos("--inactive-threshold")),
    ("max_batch", Text("--max-pull-batch")),
];

/// A stream or consumer that is made, if the tool has a flag for every field of it.
fn create(call: &str, fields: &Map) -> Option<String> {
    if let Some(name) = call.strip_prefix("STREAM.CREATE.") {
        let mut text = String::from("nats stream add");
        words(&mut text, &[name]);
        if let Some(retention) = fields.get("retention").map(plain) {
            words(&mut text, &["--retention", if retention == "workqueue" { "work" } else { &retention }]);
        }
        flags(&mut text, fields, &STREAM_FLAGS, &["name", "retention", "allow_direct", "num_replicas"])?;
        // The tool turns it on unless it is told not to.
        let is_direct = fields.get("allow_direct").and_then(Value::as_bool) == Some(true);
        return Some(text + if is_direct { " --defaults" } else { " --no-allow-direct --defaults" });
    }
    let (stream, name) = call.strip_prefix("CONSUMER.CREATE.")?.split_once('.')?;
    let config = fields.get("config")?.as_object()?;
    let mut text = String::from("nats consumer add");
    words(&mut text, &[stream, name.split('.').next()?]);
    if config.get("deliver_subject").is_none() {
        text.push_str(" --pull");
    }
    let deliver = match config.get("deliver_policy").map(plain).as_deref() {
        None | Some("all") => "all".to_owned(),
        Some("last_per_subject") => "subject".to_owned(),
        Some("by_start_sequence") => plain(config.get("opt_start_seq")?),
        Some(policy @ ("last" | "new")) => policy.to_owned(),
        Some(_) => return None,
    };
    words(&mut text, &["--deliver", &deliver]);
    // The tool takes explicit acks unless it is told otherwise, the server none.
    if config.get("ack_policy").is_none() {
        text.push_str(" --ack none");
    }
    let others = ["durable_name", "name", "deliver_policy", "opt_start_seq", "num_replicas"];
    flags(&mut text, config, &CONSUMER_FLAGS, &others)?;
    Some(text + if config.get("durable_name").is_none() { " --ephemeral --defaults" } else { " --defaults" })
}

/// Adds the flags for `fields` without the `others`; `None` where one has no flag.
fn flags(text: &mut String, fields: &Map, table: &[(&str, Flag)], others: &[&str]) -> Option<()> {
    for (name, value) in fields.iter().filter(|(name, _)| !others.contains(&name.as_str())) {
        let (_, flag) = table.iter().find(|(field, _)| field == name)?;
        match (flag, value) {
            (Text(flag), value) => words(text, &[flag, &plain(value)]),
            (List(flag), Value::Array(values)) => {
                values.iter().for_each(|value| words(text, &[flag, &plain(value)]));
            }
            (Nanos(flag), value) => words(text, &[flag, &form_duration(value.as_u64()?)]),
            (On(flag), Value::Bool(true)) => words(text, &[flag]),
            (On(_), Value::Bool(false)) => {}
            _ => return None,
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sim::Simulation;
    use crate::sim::presets::Preset;
    use crate::view::Focus;

    fn last(simulation: &Simulation) -> String {
        lines(Scene::of(simulation, &Focus::default())).last().expect("something was done").text.clone()
    }

    fn actor(simulation: &Simulation, name: &str) -> ActorId {
        let found = simulation.world().actors().iter().find(|(_, actor)| actor.name == name);
        found.expect("the preset has it").0
    }

    #[test]
    fn a_click_is_a_command() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        let draft = Draft {
            subject: "orders.eu.created".into(),
            payload: r#"{"order": {n}, "by": "O'Neil"}"#.into(),
            msg_id: "1042".into(),
            headers: vec![("Trace".into(), "a b".into())],
        };
        let publisher = actor(&simulation, "billing-cron");
        simulation.act(Command::Publish { publisher, draft, times: 3 });
        assert_eq!(
            last(&simulation),
            r#"nats pub orders.eu.created '{"order": {{Count}}, "by": "O'\''Neil"}' -H 'Trace:a b' -H Nats-Msg-Id:1042 --jetstream --count 3"#
        );
        let worker = actor(&simulation, "worker B");
        simulation.act(Command::Fetch { worker, request: FetchRequest::ONE });
        assert_eq!(last(&simulation), "nats consumer next ORDERS ship --count 1 --no-ack --timeout 30s");
        simulation.act(Command::Settle { worker, consumer_seq: 4, how: Settlement::Ack });
        let acked = last(&simulation);
        assert!(acked.starts_with("nats pub '$JS.ACK.ORDERS.ship.1.4.") && acked.ends_with("' +ACK"), "{acked}");
        let how = Settlement::Nak(Some(Duration::from_secs(5)));
        simulation.act(Command::Settle { worker, consumer_seq: 5, how });
        assert!(last(&simulation).ends_with(r#"' '-NAK {"delay":5000000000}'"#), "{}", last(&simulation));
        let mut focus = Focus::default();
        focus.drawer.face = Face::NatsJs;
        let code: Vec<String> =
            lines(Scene::of(&simulation, &focus)).iter().rev().take(4).map(|line| line.text.clone()).collect();
        assert_eq!(code[..2], ["m?.nak(5000); // #6", "m?.ack(); // #4"]);
        assert!(code[2].starts_with("m = await ") && code[3].starts_with("for (let n = 1; n <= 3;"), "{code:?}");
        simulation.seek_start();
        assert!(!last(&simulation).contains("NAK"), "it was done later");
    }

    #[test]
    fn what_went_out_is_shown_and_not_its_template() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        let publisher = actor(&simulation, "billing-cron");
        let draft = Draft {
            subject: "orders.{eu|us}.created".into(),
            payload: "{n} of {5..9}".into(),
            msg_id: "id-{n}".into(),
            headers: Vec::new(),
        };
        simulation.act(Command::Publish { publisher, draft: draft.clone(), times: 1 });
        let text = last(&simulation);
        assert!(!text.contains('{') && text.contains(" -H Nats-Msg-Id:id-"), "{text}");
        simulation.act(Command::Publish { publisher, draft, times: 2 });
        assert_eq!(
            last(&simulation),
            "publishes with orders.{eu|us}.created, chosen anew for each message: no command does that"
        );
    }

    #[test]
    fn answers_of_a_client_that_is_gone_stay_commands() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        simulation.step();
        let worker = actor(&simulation, "worker B");
        simulation.act(Command::Settle { worker, consumer_seq: 4, how: Settlement::Term });
        let before = last(&simulation);
        assert!(before.ends_with("' +TERM"), "{before}");
        simulation.act(Command::Kill { client: worker });
        let shown = lines(Scene::of(&simulation, &Focus::default()));
        assert!(shown.iter().any(|line| line.text == before), "{shown:?}");
    }

    #[test]
    fn requests_use_the_verbs_of_the_tool_where_it_has_a_flag_for_every_field() {
        let cases = [
            ("STREAM.DELETE.S", "", "nats stream rm S -f"),
            ("STREAM.PURGE.S", r#"{"keep":1}"#, "nats stream purge S --keep=1 -f"),
            ("STREAM.PURGE.S", r#"{"odd":1}"#, r#"nats req '$JS.API.STREAM.PURGE.S' '{"odd":1}'"#),
            ("STREAM.MSG.DELETE.S", r#"{"seq":7}"#, "nats stream rmm S 7 -f"),
            ("CONSUMER.DELETE.S.c", "", "nats consumer rm S c -f"),
            ("CONSUMER.PAUSE.S.c", "", "nats consumer resume S c -f"),
            ("CONSUMER.PAUSE.S.c", r#"{"a":1}"#, r#"nats req '$JS.API.CONSUMER.PAUSE.S.c' '{"a":1}'"#),
            ("CONSUMER.UNPIN.S.c", r#"{"group":"g 1"}"#, "nats consumer unpin S c 'g 1' -f"),
            ("INFO", "", "nats req '$JS.API.INFO' ''"),
            (
                "STREAM.CREATE.S",
                r#"{"name":"S","subjects":["s.>","t"],"retention":"workqueue","max_age":60000000000,"deny_delete":true}"#,
                "nats stream add S --retention work --deny-delete --max-age 1m --subjects 's.>' --subjects t --no-allow-direct --defaults",
            ),
            (
                "STREAM.CREATE.S",
                r#"{ "name": "S", "metadata": {} }"#,
                r#"nats req '$JS.API.STREAM.CREATE.S' '{"metadata":{},"name":"S"}'"#,
            ),
            (
                "CONSUMER.CREATE.S.c",
                r#"{"stream_name":"S","config":{"durable_name":"c","name":"c","ack_policy":"explicit","ack_wait":30000000000,"filter_subject":"s.a"}}"#,
                "nats consumer add S c --pull --deliver all --ack explicit --wait 30s --filter s.a --defaults",
            ),
            (
                "CONSUMER.CREATE.S.c.s.a",
                r#"{"config":{"name":"c","filter_subject":"s.a","deliver_policy":"last_per_subject"}}"#,
                "nats consumer add S c --pull --deliver subject --ack none --filter s.a --ephemeral --defaults",
            ),
            (
                "CONSUMER.CREATE.S.c",
                r#"{"config":{"backoff":[1],"name":"c"}}"#,
                r#"nats req '$JS.API.CONSUMER.CREATE.S.c' '{"config":{"backoff":[1],"name":"c"}}'"#,
            ),
        ];
        for (call, body, expected) in cases {
            assert_eq!(request(&["$JS.API.", call].concat(), body.as_bytes()), expected);
        }
    }

    #[test]
    fn what_is_too_long_or_no_text_is_quoted_or_left_out() {
        let mut simulation = Preset::by_key("work-queue").expect("it exists").open();
        simulation.request("orders.eu.x", &vec![b'x'; 100_000]);
        let shown = lines(Scene::of(&simulation, &Focus::default()));
        let last = shown.last().expect("something was done");
        assert!(last.is_remark && last.text.len() < 100, "{last:?}");
        simulation.request("orders.eu.x", b"\xff'\n$(rm)");
        assert_eq!(super::tests::last(&simulation), "nats req orders.eu.x '\u{fffd}'\\''\n$(rm)'");
        assert!(as_text(Face::Nats, &shown).starts_with("nats "));
        let code = as_text(Face::NatsJs, &shown);
        assert!(
            code.starts_with("import ") && code.contains("\n// ") && code.ends_with("await nc.drain();\n"),
            "{code}"
        );
    }
}
