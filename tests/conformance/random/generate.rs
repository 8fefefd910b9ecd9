//! Random scenarios: steps on one or two streams and a few consumers, made from a seed.
//!
//! Left out is what the real server itself decides by chance or by the minute: inactivity, queue groups, sampling below
//! 100 %, two consumers that deliver to one subject. Left out as well are steps without a reply, since a client waits for
//! them by its own clock. Durations are chosen so that few of them end near the end of a step.

use super::rng::Rng;

const STREAMS: [&str; 2] = ["S", "T"];
const CONSUMERS: [&str; 3] = ["a", "b", "c"];
const SUBJECTS: [&str; 5] = ["1", "2", "3", "2.x", "3.y"];
const FILTERS: [&str; 7] = ["1", "2", "*", ">", "2.>", "*.x", "9"];
const WAITS: [&str; 4] = ["110ms", "250ms", "470ms", "900ms"];

/// The steps of the scenario with this seed.
pub fn steps(seed: u64) -> Vec<String> {
    let mut generator = Generator { rng: Rng::new(seed), steps: Vec::new(), published: 0 };
    generator.run();
    generator.steps
}

struct Generator {
    rng: Rng,
    steps: Vec<String>,
    published: usize,
}

impl Generator {
    fn run(&mut self) {
        if self.rng.chance(40) {
            self.say("subscribe $JS.EVENT.ADVISORY.CONSUMER.> as=event");
        }
        for stream in &STREAMS[..if self.rng.chance(15) { 2 } else { 1 }] {
            self.create_stream(stream);
        }
        if self.rng.chance(60) {
            for _ in 0..self.rng.between(1, 4) {
                self.publish();
            }
        }
        self.create_consumer();
        for _ in 0..self.rng.between(8, 24) {
            self.any_step();
        }
        self.say("info S");
        for consumer in CONSUMERS {
            self.say(&format!("info S/{consumer}"));
        }
    }

    fn say(&mut self, step: &str) {
        self.steps.push(step.to_owned());
    }

    fn any_step(&mut self) {
        match self.rng.below(100) {
            0..=24 => self.publish(),
            25..=44 => self.pull(),
            45..=66 => self.ack(),
            67..=71 => self.create_consumer(),
            72..=75 => self.update_consumer(),
            76..=79 => self.inspect(),
            80..=84 => self.remove(),
            85..=87 => self.change_stream(),
            88..=89 => self.rare_consumer_step(),
            90..=91 => self.subscribe(),
            _ => {
                let wait = self.rng.pick(&WAITS);
                self.say(&format!("wait {wait}"));
            }
        }
    }

    fn stream(&mut self) -> &'static str {
        if self.rng.chance(90) { STREAMS[0] } else { STREAMS[1] }
    }

    fn place(&mut self) -> String {
        let (stream, consumer) = (self.stream(), self.rng.pick(&CONSUMERS));
        format!("{stream}/{consumer}")
    }

    fn subject(&mut self, stream: &str) -> String {
        format!("{}.{}", stream.to_lowercase(), self.rng.pick(&SUBJECTS))
    }

    fn filter(&mut self, stream: &str) -> String {
        format!("{}.{}", stream.to_lowercase(), self.rng.pick(&FILTERS))
    }

    fn create_stream(&mut self, name: &str) {
        let mut step = format!("stream create {name} subjects={}.>", name.to_lowercase());
        let options = self.stream_options();
        step += &options;
        self.say(&step);
    }

    fn stream_options(&mut self) -> String {
        let mut options = String::new();
        let retention = self.rng.pick(&["limits", "limits", "limits", "interest", "interest", "workqueue"]);
        options += &format!(" retention={retention}");
        let mut maybe = |percent: usize, choices: &[&str]| {
            if self.rng.chance(percent) {
                options += &format!(" {}", self.rng.pick(choices));
            }
        };
        maybe(25, &["max_msgs=1", "max_msgs=3", "max_msgs=5"]);
        maybe(12, &["max_bytes=60", "max_bytes=150", "max_bytes=400"]);
        maybe(20, &["max_msgs_per_subject=1", "max_msgs_per_subject=2"]);
        maybe(20, &["discard=new", "discard=new discard_new_per_subject"]);
        maybe(10, &["max_age=1577ms duplicate_window=733ms", "max_age=3077ms duplicate_window=1033ms"]);
        maybe(10, &["max_msg_size=10", "max_msg_size=40"]);
        maybe(8, &["max_consumers=1", "max_consumers=2"]);
        maybe(25, &["allow_rollup_hdrs"]);
        maybe(15, &["allow_msg_ttl", "subject_delete_marker_ttl=1s"]);
        maybe(25, &["allow_direct"]);
        maybe(5, &["deny_delete", "deny_purge"]);
        maybe(8, &["consumer_limits={\"max_ack_pending\":2}"]);
        maybe(10, &["allow_atomic"]);
        maybe(5, &["subject_transform={\"src\":\"s.*\",\"dest\":\"s.{{wildcard(1)}}.x\"}"]);
        options
    }

    fn publish(&mut self) {
        let stream = self.stream();
        let subject = self.subject(stream);
        self.published += 1;
        let mut step = format!("publish {subject}");
        let mut maybe = |percent: usize, choices: &[&str]| {
            if self.rng.chance(percent) {
                step += &format!(" {}", self.rng.pick(choices));
            }
        };
        maybe(12, &["Nats-Msg-Id:x", "Nats-Msg-Id:y", "Nats-Msg-Id:z"]);
        maybe(6, &["Nats-Expected-Last-Sequence:0", "Nats-Expected-Last-Sequence:2", "Nats-Expected-Last-Sequence:5"]);
        maybe(5, &["Nats-Expected-Last-Subject-Sequence:0", "Nats-Expected-Last-Subject-Sequence:1"]);
        maybe(3, &["Nats-Expected-Last-Msg-Id:x", "Nats-Expected-Stream:T"]);
        maybe(6, &["Nats-Rollup:sub", "Nats-Rollup:all"]);
        maybe(6, &["Nats-TTL:1", "Nats-TTL:2s", "Nats-TTL:never"]);
        maybe(8, &["H:v"]);
        maybe(
            3,
            &["Nats-Batch-Id:b Nats-Batch-Sequence:1", "Nats-Batch-Id:b Nats-Batch-Sequence:2 Nats-Batch-Commit:1"],
        );
        step += &format!(" \"m{}\"", self.published);
        if self.rng.chance(5) {
            step += "";
        }
        self.say(&step);
    }

    fn create_consumer(&mut self) {
        let place = self.place();
        let stream = place.split('/').next().unwrap_or("S").to_owned();
        let options = self.consumer_options(&stream).replace("d.x", &push_subject(&place));
        self.say(&format!("consumer create {place}{options}"));
    }

    fn consumer_options(&mut self, stream: &str) -> String {
        let mut options = String::new();
        if self.rng.chance(30) {
            options += &format!(" ack_policy={}", self.rng.pick(&["none", "all", "all", "explicit"]));
        }
        if self.rng.chance(45) {
            options += &match self.rng.below(7) {
                0 => " deliver_policy=last".to_owned(),
                1 => " deliver_policy=new".to_owned(),
                2 => format!(" deliver_policy=by_start_sequence opt_start_seq={}", self.rng.between(1, 6)),
                3 => " deliver_policy=by_start_time opt_start_time=2020-01-01T00:00:00Z".to_owned(),
                4 => format!(" deliver_policy=last_per_subject filter_subject={}", self.filter(stream)),
                _ => " deliver_policy=all".to_owned(),
            };
        }
        if !options.contains("filter") && self.rng.chance(45) {
            let (one, other) = (self.filter(stream), self.filter(stream));
            options += &match self.rng.chance(70) {
                true => format!(" filter_subject={one}"),
                false => format!(" filter_subjects={one},{other}"),
            };
        }
        let mut maybe = |percent: usize, choices: &[&str]| {
            if self.rng.chance(percent) {
                options += &format!(" {}", self.rng.pick(choices));
            }
        };
        maybe(55, &["ack_wait=330ms", "ack_wait=810ms", "ack_wait=2s", "backoff=330ms,810ms"]);
        maybe(35, &["max_deliver=1", "max_deliver=2", "max_deliver=3"]);
        maybe(25, &["max_ack_pending=1", "max_ack_pending=2", "max_ack_pending=-1"]);
        maybe(8, &["headers_only", "max_batch=2", "max_bytes=100", "max_expires=400ms", "max_waiting=1"]);
        maybe(6, &["sample_freq=\"100\"", "description=text", "replay_policy=instant"]);
        maybe(
            10,
            &["deliver_subject=d.x", "deliver_subject=d.x idle_heartbeat=610ms", "deliver_subject=d.x headers_only"],
        );
        maybe(8, &["priority_policy=overflow priority_groups=g", "priority_policy=prioritized priority_groups=g"]);
        options
    }

    fn update_consumer(&mut self) {
        let place = self.place();
        let stream = place.split('/').next().unwrap_or("S").to_owned();
        let change = match self.rng.below(8) {
            0 => format!("filter_subject={}", self.filter(&stream)),
            1 => "-filter_subject".to_owned(),
            2 => format!("max_deliver={}", self.rng.between(1, 4)),
            3 => format!("max_ack_pending={}", self.rng.between(1, 5)),
            4 => format!("ack_wait={}", self.rng.pick(&["330ms", "810ms", "2s"])),
            5 => "headers_only=true".to_owned(),
            6 => "description=changed".to_owned(),
            _ => "deliver_policy=new".to_owned(),
        };
        self.say(&format!("consumer update {place} {change}"));
    }

    fn pull(&mut self) {
        let place = self.place();
        let mut step = format!("pull {place} batch={}", self.rng.between(1, 5));
        step += match self.rng.below(10) {
            0..=4 => " no_wait",
            5..=6 => " expires=340ms",
            7 => " expires=720ms idle_heartbeat=300ms",
            8 => " no_wait expires=530ms",
            _ => " expires=5s",
        };
        let mut maybe = |percent: usize, choices: &[&str]| {
            if self.rng.chance(percent) {
                step += &format!(" {}", self.rng.pick(choices));
            }
        };
        maybe(12, &["max_bytes=50", "max_bytes=100", "max_bytes=1000"]);
        maybe(8, &["group=g", "group=g priority=3", "group=g min_pending=2"]);
        maybe(25, &["as=p1", "as=p2"]);
        self.say(&step);
    }

    fn ack(&mut self) {
        let target = match self.rng.chance(60) {
            true => format!("#{}", self.rng.between(1, 8)),
            false => format!("{}/{}", self.rng.pick(&CONSUMERS), self.rng.between(1, 5)),
        };
        let double = if self.rng.chance(25) { " double" } else { "" };
        let step = match self.rng.below(20) {
            0..=9 => format!("ack {target}{double}"),
            10..=12 => format!("nak {target}{double}"),
            13 => format!("nak {target} delay=340ms{double}"),
            14 => format!("term {target}{double}"),
            15 => format!("term {target} reason{double}"),
            16 => format!("wpi {target}{double}"),
            17 => format!("next {target} batch=2 no_wait"),
            18 => format!("next {target}"),
            _ => format!("ack_body {target} \"+FOO\"{double}"),
        };
        self.say(&step);
    }

    fn inspect(&mut self) {
        let (stream, place) = (self.stream(), self.place());
        let subject = self.filter(stream);
        let step = match self.rng.below(9) {
            0 => format!("info {stream} deleted_details=true subjects_filter=>"),
            1 => format!("stream get {stream} seq={}", self.rng.between(1, 6)),
            2 => format!("stream get {stream} last_by_subj={subject}"),
            3 => format!("stream get {stream} next_by_subj={subject} seq={}", self.rng.between(1, 4)),
            4 => format!("direct {stream} seq={} batch=3", self.rng.between(1, 3)),
            5 => format!("direct {stream} multi_last={subject}"),
            6 => format!("consumer info {place}"),
            7 => format!("consumer names {stream}"),
            _ => format!("stream info {stream}"),
        };
        self.say(&step);
    }

    fn remove(&mut self) {
        let stream = self.stream();
        let filter = self.filter(stream);
        let step = match self.rng.below(10) {
            0..=4 => format!("stream delete_message {stream} seq={}", self.rng.between(1, 6)),
            5 => format!("stream purge {stream} seq={}", self.rng.between(1, 6)),
            6 => format!("stream purge {stream} keep={}", self.rng.between(1, 3)),
            7 | 8 => format!("stream purge {stream} filter={filter}"),
            _ => format!("stream purge {stream}"),
        };
        self.say(&step);
    }

    fn change_stream(&mut self) {
        let stream = self.stream();
        let change = match self.rng.below(9) {
            0 => "max_msgs=2",
            1 => "-max_msgs",
            2 => "max_msgs_per_subject=1",
            3 => "discard=new",
            4 => "discard=old",
            5 => "retention=interest",
            6 => "retention=limits",
            7 => "max_msg_size=15",
            _ => "allow_direct=true",
        };
        self.say(&format!("stream update {stream} {change}"));
    }

    fn rare_consumer_step(&mut self) {
        let place = self.place();
        let step = match self.rng.below(6) {
            0 => format!("consumer pause {place} until=${{now+430ms}}"),
            1 => format!("consumer pause {place}"),
            2 if self.may_exist(&place) => format!("consumer reset {place}"),
            3 if self.may_exist(&place) => format!("consumer reset {place} seq={}", self.rng.between(1, 5)),
            2 | 3 => format!("consumer pause {place}"),
            _ => format!("consumer delete {place}"),
        };
        self.say(&step);
    }

    /// Whether the last thing said about a consumer may have left it there.
    fn may_exist(&self, place: &str) -> bool {
        let about =
            |word: &str| self.steps.iter().rposition(|step| step.starts_with(&format!("consumer {word} {place}")));
        about("create") > about("delete")
    }

    fn subscribe(&mut self) {
        let place = self.place();
        let subject = push_subject(&place);
        let step = match self.rng.below(4) {
            0..=2 => format!("subscribe {subject} as={subject}"),
            _ => format!("unsubscribe {subject}"),
        };
        self.say(&step);
    }
}

/// The deliver subject of a consumer.
fn push_subject(place: &str) -> String {
    format!("d.{}", place.replace('/', "-"))
}
