//! A client that speaks correctly, and asks for anything.
//!
//! A step's first byte picks a row of [`SUBJECTS`] or another [`Step`]; body, headers, more of the subject and more of the reply
//! subject follow, between [`PART`]s. Every request is answered, and one that is refused changes nothing.

#![no_main]

use jetstream_sim::engine::archive::Packer;
use jetstream_sim::engine::stream::Stream;
use jetstream_sim::engine::subject::matches;
use jetstream_sim::engine::table::ConnId;
use jetstream_sim_fuzz::{MAX_PAYLOAD, World, step_of_time, steps};
use libfuzzer_sys::fuzz_target;

/// Stands between body, headers, the rest of the subject and that of the reply subject. It is in no valid UTF-8.
const PART: u8 = 0xfe;

const HELLO: &[u8] = b"CONNECT {\"headers\":true,\"no_responders\":true,\"verbose\":false,\"protocol\":1}\r\n\
                       SUB in.> 1\r\nSUB d.> 2\r\nPING\r\n";

const INBOX: &str = "in.box";

/// Begins the answer of a request, on the subscription of its inbox.
const ANSWERS: [&[u8]; 2] = [b"MSG in.box 1 ", b"HMSG in.box 1 "];

/// Begin the subjects that the server makes for answers.
const MADE_FOR_ANSWERS: [&[u8]; 3] = [b"$JS.ACK.", b"$JS.FC.", b"$JS.SNAPSHOT."];

/// Pieces in which an archive is sent.
const CHUNK: usize = MAX_PAYLOAD / 2;

/// What the server owes to who asks on a subject.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owes {
    /// An answer, or word that nobody listens.
    Answer,
    /// Perhaps an answer, perhaps later.
    Nothing,
}

use Owes::{Answer, Nothing};

/// By the first byte of a step, from `0` on.
const SUBJECTS: [(&str, Owes); 48] = [
    ("$JS.API.INFO", Answer),
    ("$JS.API.STREAM.CREATE.S", Answer),
    ("$JS.API.STREAM.CREATE.W", Answer),
    ("$JS.API.STREAM.CREATE.M", Answer),
    ("$JS.API.STREAM.UPDATE.S", Answer),
    ("$JS.API.STREAM.UPDATE.W", Answer),
    ("$JS.API.STREAM.INFO.S", Answer),
    ("$JS.API.STREAM.NAMES", Answer),
    ("$JS.API.STREAM.LIST", Answer),
    ("$JS.API.STREAM.DELETE.S", Answer),
    ("$JS.API.STREAM.DELETE.W", Answer),
    ("$JS.API.STREAM.PURGE.S", Answer),
    ("$JS.API.STREAM.PURGE.W", Answer),
    ("$JS.API.STREAM.MSG.GET.S", Answer),
    ("$JS.API.STREAM.MSG.DELETE.S", Answer),
    ("$JS.API.STREAM.SNAPSHOT.S", Answer),
    ("$JS.API.STREAM.RESTORE.R", Answer),
    ("$JS.API.DIRECT.GET.S", Answer),
    ("$JS.API.DIRECT.GET.S.s.a", Answer),
    ("$JS.API.CONSUMER.CREATE.S", Answer),
    ("$JS.API.CONSUMER.CREATE.S.c", Answer),
    ("$JS.API.CONSUMER.CREATE.S.p.s.a", Answer),
    ("$JS.API.CONSUMER.CREATE.W.w", Answer),
    ("$JS.API.CONSUMER.DURABLE.CREATE.S.d", Answer),
    ("$JS.API.CONSUMER.INFO.S.c", Answer),
    ("$JS.API.CONSUMER.NAMES.S", Answer),
    ("$JS.API.CONSUMER.LIST.S", Answer),
    ("$JS.API.CONSUMER.DELETE.S.c", Answer),
    ("$JS.API.CONSUMER.PAUSE.S.c", Answer),
    ("$JS.API.CONSUMER.RESET.S.c", Nothing),
    ("$JS.API.CONSUMER.UNPIN.S.c", Answer),
    ("$JS.API.CONSUMER.MSG.NEXT.S.c", Nothing),
    ("$JS.API.CONSUMER.MSG.NEXT.S.d", Nothing),
    ("$JS.API.CONSUMER.MSG.NEXT.W.w", Nothing),
    ("$JS.API.STREAM.LEADER.STEPDOWN.S", Answer),
    ("$JS.API.", Nothing),
    ("$JS.ACK.S.c.1.1.1.1767225600000000000.", Nothing),
    ("$JS.FC.S.", Nothing),
    ("$JS.SNAPSHOT.", Nothing),
    ("$SYS.REQ.ACCOUNT.PING.CONNZ", Answer),
    ("$SYS.REQ.ACCOUNT.PING.STATZ", Answer),
    ("$SYS.REQ.USER.INFO", Answer),
    ("s.a", Nothing),
    ("s.b", Nothing),
    ("s.", Nothing),
    ("w.", Nothing),
    ("t.", Nothing),
    ("", Nothing),
];

/// Steps that are no requests.
const OTHER_STEPS: usize = 4;

struct Request<'a> {
    subject: Vec<u8>,
    owes: Owes,
    reply: Vec<u8>,
    headers: &'a [u8],
    body: &'a [u8],
}

/// What a step does.
enum Step<'a> {
    Request(Request<'a>),
    /// Acks the last delivery, or says of it what the body says. Pieces of a backup and flow control are acked too.
    Ack {
        body: &'a [u8],
    },
    /// Sends what was asked for last: an archive with these contents, packed.
    Archive {
        contents: &'a [u8],
    },
    PassTime {
        exponent: u8,
    },
}

impl<'a> Step<'a> {
    fn read(step: &'a [u8]) -> Self {
        let mut parts = step[1..].splitn(4, |byte| *byte == PART);
        let mut part = || parts.next().unwrap_or_default();
        let (body, headers, rest, reply) = (part(), part(), part(), part());
        let number = usize::from(step[0].wrapping_sub(b'0'));
        match SUBJECTS.get(number % (SUBJECTS.len() + OTHER_STEPS)) {
            Some((subject, owes)) => Self::Request(Request {
                subject: subject_of(subject, rest),
                owes: if rest.is_empty() && reply.is_empty() { *owes } else { Nothing },
                reply: subject_of(INBOX, reply),
                headers,
                body,
            }),
            None => match number % 4 {
                0 => Self::PassTime { exponent: body.first().copied().unwrap_or(20) },
                1 => Self::Archive { contents: body },
                _ => Self::Ack { body },
            },
        }
    }
}

/// `start` and what follows of `rest`, without what ends a subject.
fn subject_of(start: &str, rest: &[u8]) -> Vec<u8> {
    let rest = rest.iter().filter(|byte| !byte.is_ascii_whitespace());
    start.bytes().chain(rest.copied()).collect()
}

struct Client {
    world: World,
    conn: ConnId,
    /// The last subject that the server made for an answer, such as that of an ack.
    answer_to: Vec<u8>,
}

impl Client {
    fn new() -> Self {
        let mut world = World::new(true);
        let conn = world.connect();
        world.send(conn, HELLO);
        world.take_said(conn);
        Self { world, conn, answer_to: Vec::new() }
    }

    fn streams(&self) -> Vec<Stream> {
        self.world.server.account().streams().cloned().collect()
    }

    /// Whether a stream stores answers or advisories, so that also a request that is refused leaves a message there.
    fn hears_of_requests(&self) -> bool {
        let mut streams = self.world.server.account().streams();
        streams.any(|stream| {
            stream.config.subjects.iter().any(|filter| {
                let filter = filter.as_bytes();
                filter.starts_with(b"$") || filter.starts_with(b"*") || matches(filter, INBOX.as_bytes())
            })
        })
    }

    fn publish(&mut self, Request { subject, reply, headers, body, .. }: &Request<'_>) -> Vec<u8> {
        let block = if headers.is_empty() { Vec::new() } else { [b"NATS/1.0\r\n", *headers, b"\r\n\r\n"].concat() };
        let sizes = format!(" {} {}\r\n", block.len(), block.len() + body.len());
        let frame = [b"HPUB ", subject.as_slice(), b" ", reply, sizes.as_bytes(), &block, body, b"\r\n"].concat();
        self.world.send(self.conn, &frame);
        let said = self.world.take_said(self.conn);
        self.note_answer_to(&said);
        said
    }

    fn note_answer_to(&mut self, said: &[u8]) {
        if let Some(subject) = answer_to(said) {
            self.answer_to = subject.to_vec();
        }
    }

    /// Answers the server with `body`.
    fn answer(&mut self, body: &[u8]) {
        let request =
            Request { subject: self.answer_to.clone(), owes: Nothing, reply: INBOX.into(), headers: b"", body };
        self.request(&request);
    }

    fn send_archive(&mut self, contents: &[u8]) {
        let mut packer = Packer::new();
        packer.push(contents);
        packer.flush();
        while !packer.is_empty() {
            self.answer(&packer.take(CHUNK));
        }
        self.answer(b"");
    }

    fn request(&mut self, request: &Request<'_>) {
        let Request { subject, owes, body, .. } = request;
        if subject.is_empty() {
            return;
        }
        let before = self.streams();
        let said = self.publish(request);
        let is_open = self.world.is_open(self.conn);
        let shown = || format!("{} {}: {}", subject.escape_ascii(), body.escape_ascii(), said.escape_ascii());
        assert!(*owes != Answer || !is_open || answer(&said).is_some(), "no answer to {}", shown());
        let is_refused = answer(&said).is_some_and(|answer| contains(answer, b"\"error\":{\"code\""));
        if *owes == Answer && is_refused && !self.hears_of_requests() {
            assert!(before == self.streams(), "refused and done: {}", shown());
        }
    }
}

/// The answer in what a client was told, up to the next message.
fn answer(said: &[u8]) -> Option<&[u8]> {
    let mut rest = said;
    loop {
        if ANSWERS.iter().any(|start| rest.starts_with(start)) {
            let head = rest.iter().position(|byte| *byte == b'\n')?;
            let body = &rest[head + 1..];
            return Some(&body[..body.iter().position(|byte| *byte == b'\r').unwrap_or(body.len())]);
        }
        rest = &rest[rest.iter().position(|byte| *byte == b'\n')? + 1..];
    }
}

/// The last subject in what a client was told that the server made for an answer.
fn answer_to(said: &[u8]) -> Option<&[u8]> {
    let start = MADE_FOR_ANSWERS.iter().filter_map(|start| last_of(said, start)).max()?;
    let length = said[start..].iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'"')?;
    Some(&said[start..start + length])
}

/// Where `part` begins last.
fn last_of(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).rposition(|window| window == part)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fuzz_target!(|input: &[u8]| {
    let mut client = Client::new();
    for step in steps(input) {
        if !client.world.is_open(client.conn) {
            client.conn = client.world.connect();
            client.world.send(client.conn, HELLO);
            client.world.take_said(client.conn);
        }
        match Step::read(step) {
            Step::Request(request) => client.request(&request),
            Step::Ack { body } => client.answer(body),
            Step::Archive { contents } => client.send_archive(contents),
            Step::PassTime { exponent } => {
                client.world.pass_time(step_of_time(exponent));
                // A client that is asked whether it is there says so.
                client.world.send(client.conn, b"PONG\r\n");
                let said = client.world.take_said(client.conn);
                client.note_answer_to(&said);
            }
        }
    }
});
