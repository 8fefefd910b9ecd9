//! Reading a scenario. What is wrong is said in one sentence that names the place.

use std::time::Duration;

use super::cast::{Cast, Script};
use super::members::{Members, short};
use super::requests::{self, required};
use super::{
    About, Bounds, FORMAT, FirstStep, MAX_FIRST_STEPS, MAX_TITLE_BYTES, Milestone, Scenario, ScenarioError, Step,
    VERSION,
};
use crate::engine::ServerConfig;
use crate::engine::api::json::unmarshal_strict;
use crate::engine::date_time::DateTime;
use crate::engine::stream::OriginRef;
use crate::engine::time::Timestamp;
use crate::sim::actor::{FetchRequest, PublisherScript, WorkerScript};
use crate::sim::clock::{Clock, Speed};
use crate::sim::command::{Command, Settlement};
use crate::texts::Template;
use crate::texts::scenario as texts;

/// The verbs of steps. Where a step has several of these members, the first of them here is its verb.
const VERBS: [&str; 32] = [
    "publisher",
    "worker",
    "edit",
    "remove",
    "kill",
    "restart",
    "pause",
    "resume",
    "run",
    "stop",
    "publish",
    "fetch",
    "ack",
    "nak",
    "in_progress",
    "term",
    "lose_ack",
    "cut",
    "mend",
    "attach",
    "say",
    "detach",
    "consumer",
    "delete_consumer",
    "stream",
    "update_stream",
    "delete_stream",
    "purge",
    "request",
    "wait",
    "step",
    "until",
];

/// Messages of one step of publishing.
const MAX_TIMES: u64 = 1_000_000;
/// Events of one step of time.
const MAX_EVENTS: u64 = 10_000_000;
/// A simulation starts in this century, and a step of time is shorter than it.
const LATEST_START: Timestamp = Timestamp::from_nanos(4_102_444_800_000_000_000);
const LONGEST_WAIT: Duration = Duration::from_secs(100 * 365 * 86_400);

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// The first thing that is wrong with it, in words.
    pub fn parse(text: &str, bounds: Bounds) -> Result<Self, ScenarioError> {
        if text.len() > bounds.text_bytes {
            let says = texts::SCENARIO_MOST_BYTES_HERE.with([&bounds.text_bytes, &text.len()]);
            return Err(ScenarioError::new(says));
        }
        read(text.as_bytes(), bounds).map_err(|ScenarioError(says)| {
            let mut says = says + ".";
            if let Some(first) = says.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            ScenarioError(says)
        })
    }
}

impl Scenario {
    /// The title of a scenario, of which no more is read; empty without one.
    pub fn title_in(text: &str) -> String {
        let mut members = Members::of(text.as_bytes()).ok();
        members.as_mut().and_then(|members| members.text("title").ok()?).unwrap_or_default()
    }
}

fn read(text: &[u8], bounds: Bounds) -> Result<Scenario, ScenarioError> {
    let mut members = Members::of(text)?;
    let format = members.text("format")?.unwrap_or_default();
    if format != FORMAT {
        return Err(ScenarioError::new(texts::FORMAT_HAS_TO_BE.with([&FORMAT])));
    }
    match members.number("version", u64::MAX)? {
        Some(VERSION) => {}
        Some(other) => return Err(ScenarioError::new(texts::VERSION_FORMAT_NOT_KNOWN.with([&other]))),
        None => return Err(ScenarioError::new(texts::VERSION_MISSING)),
    }
    let title = members.short_text("title", MAX_TITLE_BYTES)?.unwrap_or_default();
    let look_at = members.short_text("look_at", MAX_TITLE_BYTES)?.unwrap_or_default();
    let server = server(&mut members)?;
    let start = start(&mut members)?;
    let clock = clock(&mut members)?;
    let first_steps = members.elements("first_steps")?.unwrap_or_default();
    let steps = members.elements("steps")?.unwrap_or_default();
    members.done(texts::A_SCENARIO)?;
    if steps.len() > bounds.steps {
        let says = texts::SCENARIO_MOST_STEPS_HERE.with([&bounds.steps, &steps.len()]);
        return Err(ScenarioError::new(says));
    }
    if first_steps.len() > MAX_FIRST_STEPS {
        return Err(ScenarioError::new(texts::THERE_MORE_THAN_FIRST.with([&MAX_FIRST_STEPS])));
    }
    let mut cast = Cast::default();
    let steps = read_steps(&steps, texts::STEP_NUMBER, &mut cast)?;
    let mut later = cast.clone();
    let first_steps = first_steps.iter().enumerate().map(|(place, raw)| {
        first_step(raw, &mut later).map_err(|error| error.at(&texts::FIRST_STEP.with([&(place + 1)])))
    });
    let about = About { title, look_at, first_steps: first_steps.collect::<Result<_, _>>()? };
    if later.len() != cast.len() {
        return Err(ScenarioError::new(texts::FIRST_STEPS_CANNOT_ADD));
    }
    Ok(Scenario { about, server, start, clock, steps })
}

fn server(members: &mut Members<'_>) -> Result<ServerConfig, ScenarioError> {
    let mut config = match members.take("server") {
        Some(raw) => unmarshal_strict(raw).map_err(|error| ScenarioError::new(texts::SERVER.with([&error])))?,
        None => ServerConfig::default(),
    };
    if let Some(seed) = members.number("seed", u64::MAX)? {
        config.seed = seed;
    }
    Ok(config)
}

fn start(members: &mut Members<'_>) -> Result<Timestamp, ScenarioError> {
    let Some(text) = members.text("start")? else { return Ok(Timestamp::SIMULATION_START) };
    let at = DateTime::parse(text.as_bytes()).map(DateTime::to_timestamp).ok();
    let in_reach = at.filter(|at| (Timestamp::default()..=LATEST_START).contains(at));
    in_reach.ok_or_else(|| ScenarioError::new(texts::START_TIME_SUCH_2026))
}

fn clock(members: &mut Members<'_>) -> Result<Clock, ScenarioError> {
    let mut clock = Clock::default();
    if let Some(raw) = members.take("clock") {
        let mut members = Members::of(raw).map_err(|error| error.at("“clock”"))?;
        if let Some(raw) = members.take("speed") {
            let permille = permille(raw).filter(|permille| (100..=1_000_000).contains(permille));
            let permille = permille.ok_or_else(|| ScenarioError::new(texts::SPEED_NUMBER_FROM_01))?;
            clock.speed = Speed::new(permille);
        }
        clock.is_playing = members.flag("playing")?.unwrap_or_default();
        members.done(texts::THE_CLOCK)?;
    }
    Ok(clock)
}

/// Thousandths of a number such as `0.5`.
fn permille(raw: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(raw).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 {
        return None;
    }
    format!("{whole}{fraction:0<3}").parse().ok()
}

fn read_steps(raws: &[&[u8]], of: Template<1>, cast: &mut Cast) -> Result<Vec<Step>, ScenarioError> {
    let step = |(place, raw): (usize, &&[u8])| read_step(raw, cast).map_err(|error| error.at(&of.with([&(place + 1)])));
    raws.iter().enumerate().map(step).collect()
}

fn first_step(raw: &[u8], cast: &mut Cast) -> Result<FirstStep, ScenarioError> {
    let mut members = Members::of(raw)?;
    let text = members.short_text("text", MAX_TITLE_BYTES)?.unwrap_or_default();
    let steps = read_steps(&members.elements("do")?.unwrap_or_default(), texts::ACTION_NUMBER, cast)?;
    members.done(texts::A_FIRST_STEP)?;
    if text.is_empty() {
        return Err(ScenarioError::new(texts::TEXT_MISSING));
    }
    Ok(FirstStep { text, steps })
}

fn read_step(raw: &[u8], cast: &mut Cast) -> Result<Step, ScenarioError> {
    let mut members = Members::of(raw)?;
    let verb = VERBS.into_iter().find(|verb| members.has(verb));
    let verb = verb.ok_or_else(|| match members.first() {
        Some(name) => ScenarioError::new(texts::NOTHING_CAN_DONE.with([&short(name)])),
        None => ScenarioError::new(texts::NOTHING_DONE),
    })?;
    let step = verb_step(verb, &mut members, cast)?;
    members.done(&format!("“{verb}”"))?;
    Ok(step)
}

fn verb_step(verb: &str, members: &mut Members<'_>, cast: &mut Cast) -> Result<Step, ScenarioError> {
    let command = match verb {
        "publisher" => {
            let name = required(members, verb)?;
            let mut script = PublisherScript::default();
            script.read(members)?;
            let id = members.text("id")?.unwrap_or_else(|| name.clone());
            cast.add(id, name.clone(), Script::Publisher(script.clone()))?;
            Command::AddPublisher { name, script }
        }
        "worker" => {
            let name = required(members, verb)?;
            let (stream, consumer) = (required(members, "stream")?, required(members, "consumer")?);
            let mut script = WorkerScript::default();
            script.read(members)?;
            let id = members.text("id")?.unwrap_or_else(|| name.clone());
            cast.add(id, name.clone(), Script::Worker(script.clone()))?;
            Command::AddWorker { name, stream, consumer, script }
        }
        "edit" => edit(members, cast)?,
        "remove" | "kill" | "restart" => {
            let client = cast.named(&required(members, verb)?)?.0;
            match verb {
                "remove" => Command::RemoveClient { client },
                "kill" => Command::Kill { client },
                _ => Command::Restart { client },
            }
        }
        "pause" | "resume" => {
            let (publisher, client) = cast.named(&required(members, verb)?)?;
            client.publisher()?;
            Command::PausePublisher { publisher, is_paused: verb == "pause" }
        }
        "run" | "stop" => {
            let (worker, client) = cast.named(&required(members, verb)?)?;
            let is_running = verb == "run";
            let script = client.worker()?;
            script.is_running = is_running;
            script.check()?;
            Command::RunWorker { worker, is_running }
        }
        "publish" => {
            let (publisher, client) = cast.named(&required(members, verb)?)?;
            let draft = &mut client.publisher()?.draft;
            draft.read(members)?;
            let times = members.number("times", MAX_TIMES)?.unwrap_or(1);
            let times = u32::try_from(times).expect("it has a bound");
            Command::Publish { publisher, draft: draft.clone(), times }
        }
        "fetch" => {
            let (worker, client) = cast.named(&required(members, verb)?)?;
            client.worker()?;
            let mut request = FetchRequest::ONE;
            request.read(members)?;
            Command::Fetch { worker, request }
        }
        "ack" | "nak" | "in_progress" | "term" | "lose_ack" => return settle(verb, members, cast),
        "cut" | "mend" => {
            let stream = required(members, verb)?;
            let place = members.number("source", 10_000)?.and_then(|place| usize::try_from(place).ok());
            let origin = place.map_or(OriginRef::Mirror, OriginRef::Source);
            Command::CutLink { stream, origin, is_cut: verb == "cut" }
        }
        "attach" => {
            cast.attach(required(members, verb)?)?;
            return Ok(Step::Attach);
        }
        "say" => {
            let client = cast.attached(&required(members, verb)?)?;
            return Ok(Step::Say { client, bytes: members.bytes("bytes")?.unwrap_or_default() });
        }
        "detach" => return Ok(Step::Detach { client: cast.attached(&required(members, verb)?)? }),
        "wait" | "step" | "until" => return time_step(verb, members),
        request => requests::read(request, members)?,
    };
    Ok(Step::Do(command))
}

fn edit(members: &mut Members<'_>, cast: &mut Cast) -> Result<Command, ScenarioError> {
    let (id, client) = cast.named(&required(members, "edit")?)?;
    if let Some(name) = members.text("name")? {
        client.name = name;
    }
    let name = client.name.clone();
    Ok(match &mut client.script {
        Script::Publisher(script) => {
            script.read(members)?;
            Command::SetPublisherScript { publisher: id, name, script: script.clone() }
        }
        Script::Worker(script) => {
            script.read(members)?;
            Command::SetWorkerScript { worker: id, name, script: script.clone() }
        }
    })
}

fn settle(verb: &str, members: &mut Members<'_>, cast: &mut Cast) -> Result<Step, ScenarioError> {
    let (worker, client) = cast.named(&required(members, verb)?)?;
    client.worker()?;
    let how = match verb {
        "ack" => Settlement::Ack,
        "nak" => Settlement::Nak(members.span("delay")?),
        "in_progress" => Settlement::InProgress,
        "lose_ack" => Settlement::LostAck,
        _ => Settlement::Term,
    };
    Ok(match members.number("consumer_seq", u64::MAX)? {
        Some(consumer_seq) => Step::Do(Command::Settle { worker, consumer_seq, how }),
        None => Step::SettleOldest { worker, how },
    })
}

fn time_step(verb: &str, members: &mut Members<'_>) -> Result<Step, ScenarioError> {
    match verb {
        "wait" => {
            let span = members.span(verb)?.unwrap_or_default();
            if span > LONGEST_WAIT {
                return Err(ScenarioError::new(texts::NOBODY_WAITS_LONGER_THAN));
            }
            Ok(Step::Wait(span))
        }
        "step" => Ok(Step::Events(members.number(verb, MAX_EVENTS)?.unwrap_or_default())),
        _ => {
            let word = required(members, verb)?;
            let milestone = Milestone::ALL.into_iter().find(|milestone| milestone.word() == word);
            milestone.map(Step::Until).ok_or_else(|| {
                let words = Milestone::ALL.map(Milestone::word).join(", ");
                ScenarioError::new(texts::UNTIL_ONE.with([&words]))
            })
        }
    }
}
