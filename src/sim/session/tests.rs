use super::*;

const HELLO: &[u8] = b"CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true,\"protocol\":1}\r\nPING\r\n";

fn create(session: &mut Session, stream: &str) -> Answer {
    let body = format!(r#"{{"name":"{stream}","subjects":["{stream}.>"],"storage":"memory"}}"#);
    session.request(&format!("$JS.API.STREAM.CREATE.{stream}"), &[], body.as_bytes()).expect("the API answers")
}

fn text(session: &mut Session, handle: Handle) -> String {
    let deliveries = session.take_deliveries();
    let of_handle = deliveries.into_iter().filter_map(|delivery| match delivery {
        Delivery::Bytes { handle: to, bytes } if to == handle => Some(String::from_utf8_lossy(&bytes).into_owned()),
        _ => None,
    });
    of_handle.collect()
}

#[test]
fn a_client_is_served_through_its_handle() {
    let mut session = Session::new(Setup::default());
    let (a, b) = (session.connect(), session.connect());
    assert!(text(&mut session, a).starts_with("INFO {"));
    session.write(a, HELLO);
    session.write(a, b"SUB x 1\r\n");
    session.write(b, HELLO);
    session.take_deliveries();
    session.write(b, b"PUB x 2\r\nhi\r\n");
    assert_eq!(text(&mut session, a), "MSG x 1 2\r\nhi\r\n");
    session.write(a, b"NONSENSE\r\n");
    let last = session.take_deliveries().pop();
    let Some(Delivery::Closed { handle, info }) = last else { panic!("{last:?}") };
    assert_eq!(handle, a);
    let info = String::from_utf8(info).expect("JSON is text");
    assert!(info.contains(r#""reason":"Protocol Violation""#), "{info}");
    session.write(a, b"PING\r\n");
    assert_eq!(session.take_deliveries(), []);
}

#[test]
fn requests_are_answered_at_once() {
    let mut session = Session::new(Setup::default());
    let answer = create(&mut session, "S");
    assert!(String::from_utf8_lossy(&answer.payload).contains("\"did_create\":true"));
    let headers = [("Nats-Msg-Id".to_owned(), "1".to_owned())];
    for expected in [r#"{"stream":"S","seq":1}"#, r#"{"stream":"S","seq":1,"duplicate":true}"#] {
        let ack = session.request("S.a", &headers, b"one").expect("the stream answers");
        assert_eq!(String::from_utf8_lossy(&ack.payload).replace(", ", ",").replace(": ", ":"), expected);
    }
    assert_eq!(session.request("nobody", &[], b""), Err(RequestError::NoResponders));
    let client = session.connect();
    session.write(client, b"SUB slow 1\r\n");
    assert_eq!(session.request("slow", &[], b""), Err(RequestError::Unanswered));
    assert!(matches!(session.request("$NRG.x", &[], b""), Err(RequestError::Refused(text)) if text.contains("$NRG.x")));
    // A message that is too large ends the connection; the next request opens another.
    assert!(session.request("S.a", &[], &vec![0; 2 << 20]).is_err());
    assert!(session.request("S.a", &[], b"two").is_ok());
}

#[test]
fn time_goes_from_event_to_event() {
    let mut session = Session::new(Setup::default());
    let start = session.now();
    session
        .request("$JS.API.STREAM.CREATE.S", &[], br#"{"name":"S","storage":"memory","max_age":1000000000}"#)
        .expect("the API answers");
    session.request("S", &[], b"old").expect("the stream answers");
    let end = start + Duration::from_secs(10);
    assert!(!session.advance_once(end));
    assert_eq!(session.now(), start + Duration::from_secs(1));
    while !session.advance_once(end) {}
    assert_eq!(session.now(), end);
    session.advance(Duration::ZERO);
    assert_eq!(session.now(), end);
}

#[test]
fn a_snapshot_is_gone_back_to() {
    let mut session = Session::new(Setup::default());
    let kept = session.connect();
    let closed = session.connect();
    session.write(kept, HELLO);
    create(&mut session, "S");
    let snapshot = session.snapshot();
    let world = session.world().clone();
    session.close(closed);
    let later = session.connect();
    create(&mut session, "T");
    session.advance(Duration::from_secs(5));
    session.take_deliveries();

    session.restore(&snapshot);
    assert_eq!(session.now(), world.now());
    assert_eq!(session.take_deliveries(), [Delivery::Closed { handle: later, info: Vec::new() }]);
    assert_eq!(session.world().server().account(), world.server().account());
    session.write(kept, b"PING\r\n");
    assert_eq!(text(&mut session, kept), "PONG\r\n");
    // The server counts anew; handles do not.
    let fresh = session.connect();
    assert!(fresh > later);
    session.write(later, b"PING\r\n");
    assert_eq!(text(&mut session, later), "");
    let again = session.snapshot();
    session.restore(&again);
    assert!(session.take_deliveries().iter().all(|delivery| !matches!(delivery, Delivery::Closed { .. })));
}

#[test]
fn a_journal_repeats_the_run() {
    let mut session = Session::new(Setup::default());
    let client = session.connect();
    session.write(client, HELLO);
    create(&mut session, "S");
    session.advance(Duration::from_millis(1500));
    session.write(client, b"PUB S.a 4\r\n\xff\x00\r\n\r\n");
    session.advance(Duration::from_secs(1));
    let journal = session.export_journal().expect("all was recorded");
    let replayed = Session::replay(&journal).expect("a journal");
    assert_eq!(replayed.now(), session.now());
    assert_eq!(replayed.world().server().account(), session.world().server().account());
    // A replay records as well.
    let again = Session::replay(&replayed.export_journal().expect("all was recorded")).expect("a journal");
    assert_eq!(again.world(), replayed.world());
}

#[test]
fn what_is_no_journal_is_refused() {
    let journal = Session::new(Setup::default()).export_journal().expect("all was recorded");
    for (from, to) in
        [("\"version\":1", "\"version\":2"), ("\"inputs\":[]", "\"inputs\":[{\"at\":0,\"bytes\":\"x\"}]"), ("{", "")]
    {
        let broken = journal.replacen(from, to, 1);
        assert!(matches!(Session::replay(&broken), Err(ReplayError::Malformed(_))), "{broken}");
    }
    let none = Setup { journal_bytes: None, ..Setup::default() };
    assert_eq!(Session::new(none).export_journal(), Err(ReplayError::NotRecorded));
    let mut short = Session::new(Setup { journal_bytes: Some(100), ..Setup::default() });
    let client = short.connect();
    short.write(client, &[b'x'; 200]);
    assert_eq!(short.export_journal(), Err(ReplayError::TooLong { max_bytes: 100 }));
}

#[test]
fn connections_that_come_and_go_leave_nothing() {
    let mut session = Session::new(Setup { journal_bytes: None, ..Setup::default() });
    create(&mut session, "S");
    let before = session.world().server().clone();
    for round in 0..1_000 {
        let client = session.connect();
        session.write(client, HELLO);
        session.write(client, b"SUB S.> 1\r\nSUB other q 2\r\n");
        if round % 2 == 0 {
            session.write(client, b"PUB S.a 100\r\ncut");
        }
        session.close(client);
    }
    session.take_deliveries();
    assert!(session.connections.handles().next().is_none());
    assert_eq!(session.world().server().account(), before.account());
    assert_eq!(session.world().server().connection_count(), before.connection_count());
}

#[test]
fn an_inspection_leaves_no_trace() {
    let mut session = Session::new(Setup::default());
    create(&mut session, "S");
    let before = session.world().clone();
    let answer = session.inspect("$JS.API.STREAM.INFO.S", b"").expect("the API answers");
    assert!(String::from_utf8_lossy(&answer.payload).contains(r#""name":"S""#));
    assert_eq!(session.inspect("nobody", b""), Err(RequestError::NoResponders));
    session.inspect("$JS.API.STREAM.DELETE.S", b"").expect("the API answers");
    assert_eq!(session.world(), &before);
}

/// The names of an object's fields, and of the objects within, in order.
fn shape(json: &str) -> String {
    let names = json.split('"').skip(1).step_by(2).zip(json.split('"').skip(2).step_by(2));
    names.filter(|(_, behind)| behind.starts_with(':')).map(|(name, _)| name).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_user_may_ask_for_the_connections_of_the_account() {
    let mut session = Session::new(Setup::default());
    let (a, b) = (session.connect(), session.connect());
    session.write(a, b"CONNECT {\"verbose\":false,\"name\":\"alice\",\"lang\":\"raw\",\"version\":\"1.0\"}\r\n");
    session.write(b, HELLO);
    session.write(a, b"SUB foo 1\r\nSUB bar q 2\r\nPUB foo 5\r\nhello\r\n");
    session.advance(Duration::from_secs(61));
    let mut ask = |subject: &str, body: &str| {
        let answer = session.request(subject, &[], body.as_bytes()).expect("the system answers");
        String::from_utf8(answer.payload).expect("JSON is text")
    };
    let all = ask("$SYS.REQ.ACCOUNT.PING.CONNZ", "");
    // As nats-server 2.15.1 says it.
    let head = "server name host id ver feature_flags js_ack_fc_v2 js_api_reply_v2 js_raft_delete_range \
                js_snapshot_sources jetstream flags seq time data";
    let first = "cid kind type ip port start last_activity rtt uptime idle pending_bytes in_msgs out_msgs in_bytes \
                 out_bytes subscriptions name lang version";
    assert!(
        shape(&all)
            .starts_with(&format!("{head} server_id now num_connections total offset limit connections {first} cid"))
    );
    assert!(all.contains(r#""num_connections":3,"total":3,"offset":0,"limit":1024"#), "{all}");
    let counts = r#""uptime":"1m1s","idle":"1m1s","pending_bytes":0,"in_msgs":1,"out_msgs":1,"in_bytes":5,"out_bytes":5,"subscriptions":2,"name":"alice""#;
    assert!(all.contains(counts), "{all}");
    let detail = ask("$SYS.REQ.SERVER.PING.CONNZ", r#"{"subscriptions_detail":true,"cid":1}"#);
    let expected = r#""subscriptions_list_detail":[{"subject":"foo","sid":"1","msgs":1,"cid":1},{"subject":"bar","qgroup":"q","sid":"2","msgs":0,"cid":1}]}]}}"#;
    assert!(detail.ends_with(expected), "{detail}");
    let page = ask("$SYS.REQ.ACCOUNT.PING.CONNZ", r#"{"sort":"msgs_to","limit":1,"offset":1}"#);
    assert!(page.contains(r#""num_connections":1,"total":3,"offset":1,"limit":1"#), "{page}");
    let wrong = ask("$SYS.REQ.ACCOUNT.PING.CONNZ", r#"{"sort":"xx"}"#);
    assert!(
        wrong.ends_with(r#","data":null,"error":{"code":500,"description":"invalid sorting option: xx"}}"#),
        "{wrong}"
    );
    let wrong = ask("$SYS.REQ.ACCOUNT.PING.CONNZ", "{bad");
    let expected =
        r#"},"error":{"code":400,"description":"invalid character 'b' looking for beginning of object key string"}}"#;
    assert!(wrong.ends_with(expected), "{wrong}");
}

#[test]
fn a_user_may_ask_what_passed() {
    let mut session = Session::new(Setup::default());
    let a = session.connect();
    session.write(a, HELLO);
    session.write(a, b"SUB foo 1\r\nPUB foo 5\r\nhello\r\n");
    session.close(a);
    let answer = session.request("$SYS.REQ.ACCOUNT.PING.STATZ", &[], b"").expect("the system answers");
    let text = String::from_utf8(answer.payload).expect("JSON is text");
    let others = r#""gateways":{"msgs":0,"bytes":0},"routes":{"msgs":0,"bytes":0},"leafs":{"msgs":0,"bytes":0}}"#;
    let expected = format!(
        r#""account_statz":[{{"acc":"$G","name":"$G","conns":1,"leafnodes":0,"total_conns":2,"num_subscriptions":6,"sent":{{"msgs":1,"bytes":5,{others},"received":{{"msgs":2,"bytes":5,{others},"slow_consumers":0}}]}}}}"#
    );
    assert!(text.ends_with(&expected), "{text}");
}

/// Two streams of which one mirrors the other: there is a heartbeat each second.
fn heartbeats() -> Session {
    let mut session = Session::new(Setup::default());
    for (name, rest) in [("O", r#""subjects":["o"]"#), ("M", r#""mirror":{"name":"O"}"#)] {
        let config = format!(r#"{{"name":"{name}","storage":"memory",{rest}}}"#);
        session.request(&format!("$JS.API.STREAM.CREATE.{name}"), &[], config.as_bytes()).expect("the API answers");
    }
    session
}

#[test]
fn one_call_lets_so_much_happen_and_the_next_goes_on() {
    let mut session = heartbeats();
    let target = session.now() + Duration::from_secs(2 * u64::from(MAX_EVENTS));
    assert!(!session.advance_to(target), "there are more events than one call goes through");
    let between = session.now();
    assert!(between < target && session.next_event().is_some_and(|next| next.at() >= between));
    while !session.advance_to(target) {}
    assert_eq!(session.now(), target);
}

#[test]
fn a_journal_in_which_too_much_happens_is_refused() {
    let session = heartbeats();
    let journal = session.export_journal().expect("it is recorded");
    let (start, rest) = journal.split_once(r#""until":"#).expect("it says how long it took");
    let (_, rest) = rest.split_once(',').expect("there are inputs");
    // A century of heartbeats.
    let endless = format!(r#"{start}"until":3155760000000000000,{rest}"#);
    assert_eq!(Session::replay(&endless).err(), Some(ReplayError::TooMuch));
}

#[test]
fn who_answers_no_ping_is_let_go() {
    let json = r#"{"server":{"ping_interval":120000000000}}"#;
    let mut session = Session::new(Setup::from_json(json).expect("a setup"));
    let (alive, silent) = (session.connect(), session.connect());
    for handle in [alive, silent] {
        session.write(handle, HELLO);
    }
    session.take_deliveries();
    let second = |at| Duration::from_secs(at);
    for seconds in [2, 120] {
        session.advance(second(seconds));
        assert_eq!(session.take_deliveries().len(), 2, "both are asked");
        session.write(alive, b"PONG\r\n");
    }
    session.advance(second(120));
    let mut deliveries = session.take_deliveries();
    let Some(Delivery::Closed { handle, info }) = deliveries.pop() else { panic!("{deliveries:?}") };
    let info = String::from_utf8(info).expect("JSON is text");
    assert_eq!((handle, info.contains(r#""reason":"Stale Connection","uptime":"4m2s""#)), (silent, true), "{info}");
    let expected = [
        Delivery::Bytes { handle: alive, bytes: b"PING\r\n".to_vec() },
        Delivery::Bytes { handle: silent, bytes: b"-ERR 'Stale Connection'\r\n".to_vec() },
    ];
    assert_eq!(deliveries, expected);
    let info = String::from_utf8(session.close(alive)).expect("JSON is text");
    assert!(info.contains(r#""reason":"Client Closed""#), "{info}");
    assert_eq!(session.close(alive), b"");
    assert_eq!(session.next_event(), None, "nobody is left to be asked");
}

#[test]
fn who_speaks_is_not_asked() {
    let json = r#"{"server":{"ping_interval":10000000000}}"#;
    let mut session = Session::new(Setup::from_json(json).expect("a setup"));
    let busy = session.connect();
    session.write(busy, HELLO);
    session.advance(Duration::from_secs(2));
    session.write(busy, b"PONG\r\n");
    session.take_deliveries();
    for _ in 0..20 {
        session.advance(Duration::from_secs(5));
        session.write(busy, b"PUB x 0\r\n\r\n");
    }
    assert_eq!(session.take_deliveries(), []);
}
