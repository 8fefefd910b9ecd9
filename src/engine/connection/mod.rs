//! One client: its options, its subscriptions, what has arrived of its next operation, and its outbox.
//!
//! The router decides who gets a message; a connection writes it in the form that its client asked for. Sources:
//! nats-server `server/client.go` (`processConnect`, `processSub`, `deliverMsg`).

mod outbox;
pub mod parser;
mod writer;

use std::rc::Rc;

use self::outbox::Outbox;
pub use self::writer::{MAX_DIGITS, Message, decimal, digits};
use super::api::json::{object, unmarshal_into};
use super::time::Timestamp;

/// How many bytes may wait in an outbox before the client counts as a slow consumer.
pub const MAX_PENDING: usize = 64 * 1024 * 1024;

/// What a client does that ends its connection, or an operation of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProtocolError {
    UnknownOperation,
    MaxPayload,
    MaxControlLine,
    AuthorizationViolation,
    InvalidClientProtocol,
    NoRespondersRequiresHeaders,
    /// PINGs stay unanswered.
    StaleConnection,
    /// It left too much in its outbox.
    SlowConsumer,
    /// The connection ends without a word.
    Silent,
}

impl ProtocolError {
    /// The text within `-ERR '…'`.
    const fn text(self) -> Option<&'static str> {
        match self {
            Self::UnknownOperation => Some("Unknown Protocol Operation"),
            Self::MaxPayload => Some("Maximum Payload Violation"),
            Self::MaxControlLine => Some("maximum control line exceeded"),
            Self::AuthorizationViolation => Some("Authorization Violation"),
            Self::InvalidClientProtocol => Some("invalid client protocol"),
            Self::NoRespondersRequiresHeaders => Some("no responders requires headers support"),
            Self::StaleConnection => Some("Stale Connection"),
            Self::SlowConsumer | Self::Silent => None,
        }
    }

    /// How the server's monitoring names it.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnknownOperation | Self::Silent => "Protocol Violation",
            Self::MaxPayload => "Maximum Message Payload Exceeded",
            Self::MaxControlLine => "Maximum Control Line Exceeded",
            Self::AuthorizationViolation => "Authentication Failure",
            Self::InvalidClientProtocol => "Bad Client Protocol Version",
            Self::NoRespondersRequiresHeaders => "No Responders Requires Headers",
            Self::StaleConnection => "Stale Connection",
            Self::SlowConsumer => "Slow Consumer (Pending Bytes)",
        }
    }
}

/// What a client said of itself in CONNECT. What it leaves out keeps its value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConnectOptions {
    pub verbose: bool,
    pub pedantic: bool,
    pub echo: bool,
    pub headers: bool,
    pub no_responders: bool,
    pub protocol: i64,
    pub nkey: String,
    pub user: String,
    pub auth_token: String,
    pub name: String,
    pub lang: String,
    pub version: String,
}

impl Default for ConnectOptions {
    /// In force until a CONNECT arrives.
    fn default() -> Self {
        Self {
            verbose: true,
            pedantic: true,
            echo: true,
            headers: false,
            no_responders: false,
            protocol: 0,
            nkey: String::new(),
            user: String::new(),
            auth_token: String::new(),
            name: String::new(),
            lang: String::new(),
            version: String::new(),
        }
    }
}

impl ConnectOptions {
    /// Who it says that it is. Everybody is let in, and told of by this name. Source: nats-server `server/client.go`
    /// (`getRawAuthUser`).
    pub fn auth_user(&self) -> &str {
        match self {
            Self { nkey, .. } if !nkey.is_empty() => nkey,
            Self { user, .. } if !user.is_empty() => user,
            Self { auth_token, .. } if !auth_token.is_empty() => "[REDACTED]",
            _ => "",
        }
    }
}

/// CONNECT on the wire.
#[derive(Debug, Default)]
struct ConnectRequest {
    options: ConnectOptions,
    account: String,
    new_account: bool,
}

object! {
    ConnectRequest as "server.ClientOpts" {
        "verbose" => boolean(options.verbose),
        "pedantic" => boolean(options.pedantic),
        "echo" => boolean(options.echo),
        "headers" => boolean(options.headers),
        "no_responders" => boolean(options.no_responders),
        "protocol" => int(options.protocol),
        "nkey" => string(options.nkey),
        "user" => string(options.user),
        "auth_token" => string(options.auth_token),
        "name" => string(options.name),
        "lang" => string(options.lang),
        "version" => string(options.version),
        "account" => string(account),
        "new_account" => boolean(new_account),
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientSubscription {
    pub subject: Box<[u8]>,
    pub sid: Rc<[u8]>,
    /// The subscription's place in the router.
    pub order: u64,
    pub queue: Option<Rc<[u8]>>,
    /// Messages so far.
    pub delivered: u64,
    /// After how many it ends by itself.
    pub max: Option<u64>,
}

impl ClientSubscription {
    fn is_spent(&self) -> bool {
        self.max.is_some_and(|max| self.delivered >= max)
    }
}

/// Subscriptions by their sids, the shorter ones first: clients count, so that a new one mostly comes last.
pub type Subscriptions = Vec<ClientSubscription>;

/// Messages in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Traffic {
    pub msgs: u64,
    /// Headers and payloads.
    pub bytes: u64,
}

impl Traffic {
    pub const fn count(&mut self, bytes: usize) {
        self.msgs += 1;
        self.bytes += bytes as u64;
    }

    pub const fn add(&mut self, more: Self) {
        self.msgs += more.msgs;
        self.bytes += more.bytes;
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Connection {
    pub options: ConnectOptions,
    pub started: Timestamp,
    /// When the client said anything last.
    pub last_activity: Timestamp,
    /// PINGs that were not answered.
    pub pings_out: u32,
    pub was_pinged: bool,
    /// What the client published.
    pub received: Traffic,
    /// What the client was given.
    pub sent: Traffic,
    /// The start of an operation that has not arrived whole.
    held: Vec<u8>,
    /// How long `held` has to get before it is worth another look.
    needed: usize,
    /// A CONNECT came.
    is_connected: bool,
    /// The first PING after the first CONNECT came: it is the one that a second INFO answers.
    was_greeted: bool,
    subscriptions: Subscriptions,
    outbox: Outbox,
    /// Why nothing is taken in any more; what is in the outbox still goes out.
    ended: Option<ProtocolError>,
    /// Stands in the server's line of connections with output.
    is_ready: bool,
}

impl Connection {
    /// So many subscriptions are looked at one by one.
    const FEW: usize = 4;

    pub fn new(now: Timestamp) -> Self {
        Self {
            options: ConnectOptions::default(),
            started: now,
            last_activity: now,
            pings_out: 0,
            was_pinged: false,
            received: Traffic::default(),
            sent: Traffic::default(),
            held: Vec::new(),
            needed: 0,
            is_connected: false,
            was_greeted: false,
            subscriptions: Vec::new(),
            outbox: Outbox::default(),
            ended: None,
            is_ready: false,
        }
    }

    pub const fn is_closed(&self) -> bool {
        self.ended.is_some()
    }

    /// Why the server closed it.
    pub const fn ended(&self) -> Option<ProtocolError> {
        self.ended
    }

    /// Adds `bytes` to what is held. The whole is given out once it may hold an operation, else `None`.
    pub fn take_held(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.held.extend_from_slice(bytes);
        (self.held.len() >= self.needed).then(|| std::mem::take(&mut self.held))
    }

    pub fn holds_nothing(&self) -> bool {
        self.held.is_empty()
    }

    /// How much has arrived of an operation that is not whole.
    pub const fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// Keeps the start of an operation that will be at least `needed` bytes long.
    pub fn hold(&mut self, rest: &[u8], needed: usize) {
        self.held.extend_from_slice(rest);
        self.needed = needed;
    }

    /// Takes a CONNECT. Its subscriptions are dropped by the caller.
    ///
    /// # Errors
    /// The violation that ends the connection.
    pub fn connect(&mut self, argument: &[u8]) -> Result<(), ProtocolError> {
        let mut request = ConnectRequest { options: self.options.clone(), ..ConnectRequest::default() };
        unmarshal_into(argument, &mut request).map_err(|_| ProtocolError::Silent)?;
        self.options = request.options;
        let options = &self.options;
        if !request.account.is_empty() || request.new_account {
            return Err(ProtocolError::AuthorizationViolation);
        }
        if !(0..=1).contains(&options.protocol) {
            return Err(ProtocolError::InvalidClientProtocol);
        }
        if options.no_responders && !options.headers {
            return Err(ProtocolError::NoRespondersRequiresHeaders);
        }
        self.is_connected = true;
        Ok(())
    }

    /// Whether a CONNECT was taken before.
    pub const fn is_connected(&self) -> bool {
        self.is_connected
    }

    /// Whether this PING is the one that a second INFO answers.
    pub const fn take_owed_info(&mut self) -> bool {
        let is_first = self.is_connected && !self.was_greeted;
        self.was_greeted |= is_first;
        is_first && self.options.protocol >= 1
    }

    pub fn subscription(&self, sid: &[u8]) -> Option<&ClientSubscription> {
        self.place(sid).ok().map(|place| &self.subscriptions[place])
    }

    /// Where the subscription `sid` is, or would be.
    fn place(&self, sid: &[u8]) -> Result<usize, usize> {
        self.subscriptions.binary_search_by(|other| (other.sid.len(), &*other.sid).cmp(&(sid.len(), sid)))
    }

    pub fn subscription_count(&self) -> usize {
        self.subscriptions.len()
    }

    /// The subscriptions, in the order in which they were made.
    pub fn subscriptions(&self) -> Vec<&ClientSubscription> {
        let mut all: Vec<_> = self.subscriptions.iter().collect();
        all.sort_unstable_by_key(|subscription| subscription.order);
        all
    }

    pub fn add_subscription(&mut self, sid: Rc<[u8]>, subject: &[u8], queue: Option<Rc<[u8]>>, order: u64) {
        let subject = subject.into();
        let subscription = ClientSubscription { subject, sid, order, queue, delivered: 0, max: None };
        match self.place(&subscription.sid) {
            Ok(place) => self.subscriptions[place] = subscription,
            Err(place) => self.subscriptions.insert(place, subscription),
        }
    }

    /// Ends a subscription now, or after `max` deliveries in total. What ended is returned.
    pub fn unsubscribe(&mut self, sid: &[u8], max: Option<u64>) -> Option<ClientSubscription> {
        let place = self.place(sid).ok()?;
        let subscription = &mut self.subscriptions[place];
        subscription.max = max;
        (max.is_none() || subscription.is_spent()).then(|| self.subscriptions.remove(place))
    }

    pub fn take_subscriptions(&mut self) -> Subscriptions {
        std::mem::take(&mut self.subscriptions)
    }

    /// Writes a message for subscription `sid` that counts nowhere.
    #[inline]
    pub fn write(&mut self, sid: &[u8], message: &Message<'_>) {
        writer::message(&mut self.outbox, sid, message, self.options.headers);
    }

    /// Writes a message for subscription `sid`. Whether this was its last one, so that it is to be
    /// [taken](Self::take_spent).
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    pub fn deliver(&mut self, sid: &Rc<[u8]>, message: &Message<'_>) -> bool {
        let Some(subscription) = self.subscription_mut(sid) else { return false };
        subscription.delivered += 1;
        let is_spent = subscription.is_spent();
        self.write_counted(sid, message);
        is_spent
    }

    /// As [`deliver`](Self::deliver), if the subscription does not end by itself. Whether that is so; else nothing has
    /// happened.
    #[cfg_attr(all(jetstream_sim_small, feature = "js"), optimize(speed))]
    pub fn deliver_endlessly(&mut self, sid: &Rc<[u8]>, message: &Message<'_>) -> bool {
        let subscription = self.subscription_mut(sid).filter(|subscription| subscription.max.is_none());
        let Some(subscription) = subscription else { return false };
        subscription.delivered += 1;
        self.write_counted(sid, message);
        true
    }

    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn subscription_mut(&mut self, sid: &Rc<[u8]>) -> Option<&mut ClientSubscription> {
        // Most have few subscriptions, and share the text with the router.
        let mut few = self.subscriptions.iter().take(Self::FEW);
        let place = few.position(|other| Rc::ptr_eq(&other.sid, sid));
        let place = place.or_else(|| self.place(sid).ok())?;
        Some(&mut self.subscriptions[place])
    }

    #[inline]
    #[cfg_attr(jetstream_sim_small, optimize(speed))]
    fn write_counted(&mut self, sid: &[u8], message: &Message<'_>) {
        self.sent.count(message.size());
        self.write(sid, message);
    }

    /// Ends the subscription `sid`, which had its last message.
    pub fn take_spent(&mut self, sid: &[u8]) -> Option<ClientSubscription> {
        Some(self.subscriptions.remove(self.place(sid).ok()?))
    }

    pub fn send(&mut self, line: &[u8]) {
        self.outbox.put(line);
    }

    /// Asks whether the client is there.
    pub fn ping(&mut self) {
        self.pings_out += 1;
        self.was_pinged = true;
        self.send(b"PING\r\n");
    }

    pub fn send_ok(&mut self) {
        if self.options.verbose {
            self.send(b"+OK\r\n");
        }
    }

    /// Reports an error that the connection survives.
    pub fn send_error(&mut self, text: &[u8]) {
        self.send(b"-ERR '");
        self.send(text);
        self.send(b"'\r\n");
    }

    /// Closes it. What it subscribed to, though no longer served, is kept for those who ask.
    pub fn close(&mut self, error: ProtocolError, subscriptions: Subscriptions) {
        if let Some(text) = error.text() {
            self.send_error(text.as_bytes());
        }
        self.ended = Some(error);
        self.held = Vec::new();
        self.subscriptions = subscriptions;
    }

    pub const fn pending_bytes(&self) -> usize {
        self.outbox.len()
    }

    /// Whether more waits in the outbox than a client may leave there.
    pub fn is_slow(&self) -> bool {
        self.outbox.len() > MAX_PENDING
    }

    /// Puts the connection into the line of those with output; `false` if it stands there already.
    pub const fn make_ready(&mut self) -> bool {
        !std::mem::replace(&mut self.is_ready, true)
    }

    pub const fn leave_line(&mut self) {
        self.is_ready = false;
    }

    pub fn has_output(&self) -> bool {
        self.outbox.len() > 0
    }

    pub fn take_outbox(&mut self) -> Vec<u8> {
        self.outbox.take()
    }

    /// A slow consumer is dropped with what waits for it.
    pub fn drop_outbox(&mut self) {
        self.outbox = Outbox::default();
    }
}
