use std::time::Duration;

use super::*;
use crate::engine::event::Event;
use crate::engine::rng::Rng;
use crate::engine::stream::OriginRef;
use crate::engine::table::{ConnId, Id};
use crate::sim::Simulation;
use crate::sim::actor::{Draft, FetchRequest, PublisherScript, WorkerScript};

const HEAD: &str = r#"{"format":"jetstream-sim scenario","version":1,"title":"t","steps":["#;

fn parse(steps: &str) -> Result<Scenario, ScenarioError> {
    Scenario::parse(&format!("{HEAD}{steps}]}}"), Bounds::FILE)
}

fn open(steps: &str) -> Result<Simulation, ScenarioError> {
    parse(steps)?.open(Bounds::FILE)
}

const WORLD: &str = r#"
    {"stream":{"name":"S","subjects":["s.>"],"storage":"memory"}},
    {"update_stream":{"name":"S","subjects":["s.>"],"storage":"memory","max_msgs":100}},
    {"stream":{"name":"M","mirror":{"name":"S"}}},
    {"stream":{"name":"A","sources":[{"name":"S"}]}},
    {"consumer":{"durable_name":"c","ack_policy":"explicit","ack_wait":5000000000},"stream":"S"},
    {"consumer":{"ack_policy":"none"},"stream":"S"},
    {"publisher":"p","subject":"s.{a|b}","payload":"{\"n\": {n}}","every":"1s","count":3},
    {"publisher":"p","id":"q","subject":"s.q","msg_id":"{n}","headers":["A","1","A","2"],"count":null},
    {"worker":"w","stream":"S","consumer":"c","batch":2,"expires":"never","work":"1m30s","fail":20,"nak_delay":"2s"},
    {"worker":"v","stream":"S","consumer":"c","running":true,"crash":1,"priority":3,"min_pending":2}"#;

const DONE: &str = r#"
    {"publish":"q"},{"publish":"q","subject":"s.r","headers":[],"times":3},{"pause":"p"},{"resume":"p"},
    {"wait":"2.5s"},{"fetch":"w","batch":5,"no_wait":true},{"ack":"w"},{"nak":"w"},{"nak":"w","delay":"1s"},
    {"fetch":"w"},{"in_progress":"w"},{"term":"w","consumer_seq":7},{"lose_ack":"w"},{"step":2},{"until":"ack_wait"},
    {"edit":"q","name":"other","payload":"<b>","every":"300ms"},{"edit":"w","name":"w2","fail":0,"work":"0s"},
    {"run":"w"},{"stop":"v"},{"kill":"v"},{"restart":"v"},{"remove":"p"},{"cut":"M"},{"mend":"M"},
    {"cut":"A","source":0},{"wait":"3s"},
    {"attach":"x"},{"say":"x","bytes":"CONNECT {}\r\nPUB s.ÿ 1\r\né\r\n"},{"attach":"y"},{"detach":"x"},
    {"request":"$JS.API.STREAM.MSG.DELETE.S","body":{"seq": 1}},{"request":"none","body":"text"},
    {"request":"none","bytes":"\u00ff"},{"purge":"S"},
    {"delete_consumer":"c","stream":"S"},{"delete_stream":"A"}"#;

#[test]
fn every_step_is_read_done_and_written() {
    let scenario = parse(&format!("{WORLD},{DONE}")).unwrap_or_else(|error| panic!("{error}"));
    let simulation = scenario.clone().open(Bounds::FILE).unwrap_or_else(|error| panic!("{error}"));
    assert!(simulation.trace().total() > 50);
    let json = scenario.to_json().unwrap_or_else(|error| panic!("{error}"));
    let again = Scenario::parse(&json, Bounds::FILE).unwrap_or_else(|error| panic!("{error}: {json}"));
    assert_eq!(again.steps, scenario.steps);
    assert_eq!(again.to_json(), Ok(json));
    assert_eq!(again.clone().open(Bounds::FILE).expect("as before").world(), simulation.world());
}

#[test]
fn a_world_made_in_slices_is_the_one_made_at_once() {
    for steps in [DONE, r#"{"fetch":"w"},{"until":"ack_wait"},{"step":40},{"wait":"10m"}"#] {
        let scenario = parse(&format!("{WORLD},{steps}")).unwrap_or_else(|error| panic!("{error}"));
        let mut opening = Opening::new(scenario.clone(), Bounds::FILE);
        let (mut slices, mut before) = (0, 0);
        while !opening.go_on(&mut || false).unwrap_or_else(|error| panic!("{error}")) {
            let (done, all) = opening.progress();
            assert!((before..=all).contains(&done), "{done} of {all} after {before}");
            (slices, before) = (slices + 1, done);
        }
        assert!(slices >= scenario.steps.len() - 1, "{slices} slices of {} steps", scenario.steps.len());
        let at_once = scenario.clone().open(Bounds::FILE).unwrap_or_else(|error| panic!("{error}"));
        let (simulation, about) = opening.finish();
        assert!(simulation.world() == at_once.world() && simulation.clock == at_once.clock);
        assert_eq!((about, simulation.opened_at()), (scenario.about, at_once.opened_at()));
    }
}

#[test]
fn what_cannot_be_done_is_told_in_slices_as_at_once() {
    let scenario = parse(r#"{"wait":"1s"},{"step":1}"#).unwrap_or_else(|error| panic!("{error}"));
    let at_once = scenario.clone().open(Bounds::FILE).expect_err("nothing happens");
    let mut opening = Opening::new(scenario, Bounds::FILE);
    let error = loop {
        match opening.go_on(&mut || false) {
            Ok(is_whole) => assert!(!is_whole),
            Err(error) => break error,
        }
    };
    assert_eq!(error, at_once);
}

#[test]
fn what_surrounds_the_steps_is_read_and_written() {
    let text = r#"{"format":"jetstream-sim scenario","version":1,"title":"a <b>","look_at":"l",
        "first_steps":[{"text":"by hand"},{"text":"go","do":[{"fetch":"w"},{"wait":"1s"}]}],"seed":18446744073709551615,
        "server":{"max_payload":1000,"jetstream":{"max_ack_pending":5}},"start":"2027-02-03T04:05:06.7Z",
        "clock":{"speed":0.5,"playing":true},"steps":[{"worker":"w","stream":"S","consumer":"c"}]}"#;
    let scenario = Scenario::parse(text, Bounds::LINK).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((scenario.server.seed, scenario.server.max_payload), (u64::MAX, 1000));
    assert_eq!(scenario.start.as_nanos(), 1_801_627_506_700_000_000);
    assert_eq!((scenario.clock.speed.permille(), scenario.clock.is_playing), (500, true));
    assert_eq!(scenario.about.first_steps[1].steps.len(), 2);
    let json = scenario.to_json().expect("it is whole");
    assert_eq!(Scenario::parse(&json, Bounds::LINK), Ok(scenario));
    assert_eq!(Scenario::title_in(&json), "a <b>");
}

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    for (steps, says) in [
        ("7", "Step 1: this has to be an object in braces."),
        ("{}", "Step 1: nothing is done."),
        (r#"{"wait":"1s"},{"dance":1}"#, "Step 2: “dance” is nothing that can be done."),
        (r#"{"wait":"1x"}"#, "Step 1: “wait” has to be a duration such as \"1m30s\"."),
        (r#"{"wait":"-1s"}"#, "Step 1: “wait” has to be a duration such as \"1m30s\"."),
        (r#"{"wait":"never"}"#, "Step 1: “wait” has to have an end."),
        (r#"{"wait":"900000h"}"#, "Step 1: nobody waits longer than a hundred years."),
        (r#"{"wait":"1s","wait":"1s"}"#, "Step 1: “wait” stands here twice."),
        (r#"{"wait":"1s","for":"1s"}"#, "Step 1: “wait” has no “for”."),
        (r#"{"step":-1}"#, "Step 1: “step” has to be a whole number of at most 10000000."),
        (r#"{"fetch":"w"}"#, "Step 1: no client is called “w” so far."),
        (r#"{"publisher":"p"},{"fetch":"p"}"#, "Step 2: “p” is a publisher, not a worker."),
        (r#"{"publisher":"p"},{"publisher":"p"}"#, "Step 2: two clients are called “p”: give one an “id”."),
        (r#"{"publisher":"p","every":"0s"}"#, "Step 1: “every” has to be longer than nothing."),
        (
            r#"{"publisher":"p","headers":["a"]}"#,
            "Step 1: “headers” are at most 200 names, each with its value behind it.",
        ),
        (r#"{"worker":"w","stream":"S"}"#, "Step 1: “consumer” is missing."),
        (
            r#"{"worker":"w","stream":"S","consumer":"c","fail":101}"#,
            "Step 1: “fail” has to be a whole number of at most 100.",
        ),
        (
            r#"{"worker":"w","stream":"S","consumer":"c","no_wait":true},{"run":"w"}"#,
            "Step 2: a worker that runs has to wait: “no_wait” would have it ask without end.",
        ),
        (r#"{"say":"x"}"#, "Step 1: no client from outside is called “x” so far."),
        (
            r#"{"attach":"x"},{"say":"x","bytes":"€"}"#,
            "Step 2: “bytes” has to be a text whose characters stand for bytes, none beyond U+00FF.",
        ),
        (r#"{"request":"a","body":7}"#, "Step 1: “body” has to be an object, an array or a text."),
        (r#"{"consumer":{"name":"c"}}"#, "Step 1: “stream” is missing."),
        (r#"{"stream":"S"}"#, "Step 1: this has to be an object in braces."),
        (
            r#"{"until":"dawn"}"#,
            "Step 1: “until” has to be one of ack_wait, expires, max_age, ttl, duplicate_window, inactive_threshold.",
        ),
    ] {
        assert_eq!(parse(steps).expect_err(steps).to_string(), says, "{steps}");
    }
    for (text, says) in [
        ("", "This is no JSON: unexpected end of JSON input."),
        ("[]", "This has to be an object in braces."),
        ("{}", "“format” has to be \"jetstream-sim scenario\"."),
        (r#"{"format":"jetstream-sim scenario"}"#, "“version” is missing."),
        (r#"{"format":"jetstream-sim scenario","version":2}"#, "Version 2 of the format is not known here."),
        (r#"{"format":"jetstream-sim scenario","version":1,"style":1}"#, "A scenario has no “style”."),
        (
            r#"{"format":"jetstream-sim scenario","version":1,"start":"soon"}"#,
            "“start” has to be a time such as \"2026-01-01T00:00:00Z\" before 2100.",
        ),
        (
            r#"{"format":"jetstream-sim scenario","version":1,"clock":{"speed":0}}"#,
            "“speed” has to be a number from 0.1 to 1000.",
        ),
        (
            r#"{"format":"jetstream-sim scenario","version":1,"server":{"prot":1}}"#,
            "“server”: json: unknown field \"prot\".",
        ),
        (
            r#"{"format":"jetstream-sim scenario","version":1,"first_steps":[{"text":"a","do":[{"run":"w"}]}]}"#,
            "First step 1: action 1: no client is called “w” so far.",
        ),
        (
            r#"{"format":"jetstream-sim scenario","version":1,"first_steps":[{"text":"a","do":[{"publisher":"w"}]}]}"#,
            "First steps cannot add clients: add them in “steps”.",
        ),
    ] {
        assert_eq!(Scenario::parse(text, Bounds::FILE).expect_err(text).to_string(), says, "{text}");
    }
}

#[test]
fn a_step_that_cannot_be_done_ends_the_opening() {
    let worker = r#"{"worker":"w","stream":"S","consumer":"c"}"#;
    for (steps, says) in [
        (format!(r#"{worker},{{"ack":"w"}}"#), "Step 2: the worker holds no message."),
        (r#"{"step":1}"#.to_owned(), "Step 1: nothing more happens."),
        (r#"{"until":"ttl"}"#.to_owned(), "Step 1: ttl does not come."),
    ] {
        assert_eq!(open(&steps).expect_err(&steps).to_string(), says);
    }
}

#[test]
fn nothing_sets_more_in_motion_than_the_bounds_allow() {
    let much = "more happens than a scenario may set in motion here";
    let stream = r#"{"stream":{"name":"S","subjects":["s"]}}"#;
    let payload = "x".repeat(60_000);
    for steps in [
        // Events without end.
        r#"{"publisher":"p","subject":"s","every":"1ns"},{"wait":"1h"}"#.to_owned(),
        format!(r#"{stream},{{"publisher":"p","subject":"s","every":"1ns"}},{{"step":10000000}}"#),
        // Much at once.
        r#"{"publisher":"p","subject":"s"},{"publish":"p","times":1000000}"#.to_owned(),
        format!(r#"{stream},{{"publisher":"p","subject":"s","payload":"{payload}"}},{{"publish":"p","times":2000}}"#),
        // Redelivered at once, again and again.
        format!(
            r#"{stream},{{"consumer":{{"name":"c","ack_policy":"explicit"}},"stream":"S"}},
            {{"publisher":"p","subject":"s"}},{{"publish":"p"}},
            {{"worker":"w","stream":"S","consumer":"c","running":true,"work":"0s","fail":100}},{{"wait":"1s"}}"#
        ),
    ] {
        let scenario = parse(&steps).unwrap_or_else(|error| panic!("{error}"));
        let error = scenario.clone().open(Bounds::LINK).expect_err("too much").to_string();
        assert!(error.ends_with(&format!("{much}.")), "{error}");
    }
    let steps = r#"{"wait":"0s"},"#.repeat(6_000);
    let text = format!("{HEAD}{}]}}", steps.trim_end_matches(','));
    let error = Scenario::parse(&text, Bounds::LINK).expect_err("too many").to_string();
    assert_eq!(error, "A scenario has at most 5000 steps here, and this has 6000.");
    let text = " ".repeat(300_000);
    let error = Scenario::parse(&text, Bounds::LINK).expect_err("too long").to_string();
    assert_eq!(error, "A scenario has at most 262144 bytes here, and this has 300000.");
}

#[test]
fn a_world_that_is_full_refuses_and_keeps_what_it_has() {
    let stored = |simulation: &Simulation| simulation.world().stored_bytes();
    let head = r#"{"format":"jetstream-sim scenario","version":1,"title":"t","#;
    let full = r#""server":{"jetstream":{"max_total_store":50000}},"#;
    let payload = "x".repeat(1_000);
    let steps = format!(
        r#""steps":[{{"stream":{{"name":"S","subjects":["s"]}}}},{{"publisher":"p","subject":"s","payload":"{payload}"}},{{"publish":"p","times":100}}]}}"#
    );
    let open = |server: &str| {
        let scenario = Scenario::parse(&[head, server, &steps].concat(), Bounds::FILE).expect("it is valid");
        scenario.open(Bounds::FILE).expect("its steps can be done")
    };
    let simulation = open(full);
    assert!((40_000..=52_000).contains(&stored(&simulation)), "{}", stored(&simulation));
    let is_refused = |event: &Event| matches!(event, Event::Refused { err_code: 10023 | 10077, .. });
    assert!(simulation.trace().events().any(|traced| is_refused(&traced.event)));
    let simulation = open("");
    assert!(stored(&simulation) > 100_000);
    let settings = simulation.world().server().config().jetstream.as_ref();
    assert_eq!(settings.and_then(|settings| settings.max_total_store), Some(1 << 30));
}

#[test]
fn a_first_step_is_done_wherever_the_world_is() {
    let text = r#"{"format":"jetstream-sim scenario","version":1,
        "first_steps":[{"text":"go","do":[{"fetch":"w"},{"ack":"w"},{"request":"none"}]}],
        "steps":[{"stream":{"name":"S","subjects":["s"]}},{"consumer":{"name":"c","ack_policy":"explicit"},"stream":"S"},
        {"publisher":"p","subject":"s"},{"worker":"w","stream":"S","consumer":"c"},{"publish":"p"}]}"#;
    let scenario = Scenario::parse(text, Bounds::LINK).unwrap_or_else(|error| panic!("{error}"));
    let mut simulation = scenario.clone().open(Bounds::LINK).unwrap_or_else(|error| panic!("{error}"));
    let first = &scenario.about.first_steps[0];
    assert_eq!(first.act(&mut simulation).map(|answers| answers.len()), Ok(1));
    let says = "This is not to be done now: the worker holds no message.";
    assert_eq!(first.act(&mut simulation).expect_err("nothing is left").to_string(), says);
}

/// Something that a person might do, some of it to what is not there.
fn random_command(rng: &mut Rng, conns: &[ConnId]) -> Command {
    let client = ActorId::from_index(2 + rng.below(7) as u32);
    let millis = Duration::from_millis(1 + rng.below(3_000));
    let text = |rng: &mut Rng, texts: &[&str]| texts[rng.below(texts.len() as u64) as usize].to_owned();
    let draft = Draft {
        subject: text(rng, &["s.a", "s.{a|b}", "t", "s.{n}"]),
        payload: text(rng, &["", "{\"n\": {n}}", "<img src=x onerror=alert(1)>", "é\n\u{1}"]),
        msg_id: text(rng, &["", "", "1"]),
        headers: if rng.below(3) == 0 {
            vec![("Nats-TTL".into(), "2s".into()), ("A".into(), "".into())]
        } else {
            vec![]
        },
    };
    let fetch = FetchRequest {
        batch: rng.below(4) as u32,
        no_wait: false,
        expires: [None, Some(millis)][rng.below(2) as usize],
    };
    let publisher = PublisherScript {
        draft: draft.clone(),
        every: [None, Some(millis)][rng.below(2) as usize],
        count: [None, Some(rng.below(5))][rng.below(2) as usize],
    };
    let worker = WorkerScript {
        is_running: rng.below(2) == 0,
        fetch: fetch.clone(),
        work_time: millis,
        fail_percent: [0, 50][rng.below(2) as usize],
        nak_delay: [None, Some(millis)][rng.below(2) as usize],
        crash_percent: [0, 20][rng.below(2) as usize],
        ..WorkerScript::default()
    };
    let name = text(rng, &["one", "two"]);
    let conn = conns.get(rng.below(4) as usize).copied().unwrap_or(ConnId::from_index(900));
    match rng.below(20) {
        0 => Command::AddPublisher { name, script: publisher },
        1 => {
            Command::AddWorker { name, stream: "S".into(), consumer: text(rng, &["c", "push", "none"]), script: worker }
        }
        2 => Command::RemoveClient { client },
        3 => Command::SetPublisherScript { publisher: client, name, script: publisher },
        4 => Command::SetWorkerScript { worker: client, name, script: worker },
        5 => Command::PausePublisher { publisher: client, is_paused: rng.below(2) == 0 },
        6 => Command::RunWorker { worker: client, is_running: rng.below(2) == 0 },
        7 => Command::Kill { client },
        8 => Command::Restart { client },
        9 => Command::Attach,
        10 => Command::AttachedSays { conn, bytes: b"CONNECT {}\r\nSUB > 1\r\nPUB s.x 2\r\n\xff\xfe\r\n".to_vec() },
        11 => Command::Detach { conn },
        12 => Command::CutLink { stream: "M".into(), origin: OriginRef::Mirror, is_cut: rng.below(2) == 0 },
        13 | 14 => Command::Fetch { worker: client, request: FetchRequest { no_wait: rng.below(2) == 0, ..fetch } },
        15 => {
            let naks = [Settlement::Nak(None), Settlement::Nak(Some(millis))];
            let how = [Settlement::Ack, naks[0], naks[1], Settlement::Term, Settlement::LostAck];
            Command::Settle { worker: client, consumer_seq: 1 + rng.below(9), how: how[rng.below(5) as usize] }
        }
        16 => {
            let subject = text(rng, &["$JS.API.STREAM.PURGE.S", "$JS.API.STREAM.INFO.S", "$JS.API.STREAM.CREATE.S"]);
            Command::Request { subject, body: text(rng, &["", "{ \"seq\": 3 }", "[1", "\"s\""]).into_bytes() }
        }
        _ => Command::Publish { publisher: client, draft, times: 1 + rng.below(3) as u32 },
    }
}

fn is_of_kind(simulation: &Simulation, command: &Command) -> bool {
    let actor = |id: &ActorId| simulation.world().actors().get(*id);
    match command {
        Command::SetPublisherScript { publisher, .. } => actor(publisher).is_none_or(|it| it.publisher().is_some()),
        Command::SetWorkerScript { worker, .. } => actor(worker).is_none_or(|it| it.worker().is_some()),
        _ => true,
    }
}

#[test]
fn a_session_opens_as_it_was_left() {
    let runs = if cfg!(debug_assertions) { 300 } else { 3_000 };
    for seed in 0..runs {
        let mut rng = Rng::new(seed);
        let mut simulation = open(
            r#"{"stream":{"name":"S","subjects":["s.>"],"storage":"memory","allow_msg_ttl":true,"duplicate_window":2000000000}},
            {"stream":{"name":"M","mirror":{"name":"S"}}},
            {"consumer":{"durable_name":"c","ack_policy":"explicit","ack_wait":1000000000,"max_deliver":3},"stream":"S"},
            {"consumer":{"durable_name":"push","deliver_subject":"d","idle_heartbeat":1000000000},"stream":"S"},
            {"publisher":"p","subject":"s.p"},{"worker":"w","stream":"S","consumer":"c"}"#,
        )
        .unwrap_or_else(|error| panic!("{error}"));
        simulation.clock.is_playing = true;
        for _ in 0..40 {
            match rng.below(8) {
                0 => simulation.advance(Duration::from_micros(rng.below(3_000_000))),
                1 => simulation.frame(Duration::from_micros(16_667)),
                2 => while rng.below(3) > 0 && simulation.step() {},
                3 if rng.below(3) == 0 => simulation.seek(rng.below(simulation.moment() + 1)),
                _ => {
                    let conns: Vec<ConnId> = simulation.world().attached().map(|(conn, _)| conn).collect();
                    match random_command(&mut rng, &conns) {
                        Command::Request { subject, body } => drop(simulation.request(&subject, &body)),
                        Command::AttachedSays { conn, bytes } => simulation.attached_says(conn, &bytes),
                        Command::Detach { conn } => simulation.detach(conn),
                        // A form edits what is there.
                        command if !is_of_kind(&simulation, &command) => {}
                        command => simulation.act(command),
                    }
                }
            }
        }
        let about = About { title: "left".into(), ..About::default() };
        let scenario = Scenario::of(&simulation, about).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let json = scenario.to_json().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let read = Scenario::parse(&json, Bounds::FILE).unwrap_or_else(|error| panic!("seed {seed}: {error}: {json}"));
        assert_eq!(read, scenario, "seed {seed}");
        let opened = read.clone().open(Bounds::FILE).unwrap_or_else(|error| panic!("seed {seed}: {error}: {json}"));
        assert!(opened.world() == simulation.world() && opened.clock == simulation.clock, "seed {seed}: {json}");
        assert_eq!(opened.now(), simulation.now(), "seed {seed}");
    }
}
