//! Scheduled messages: their sources and targets, what cancels them, and what befalls them while they wait.

use crate::random::script::Script;

const SUBJECTS: [&str; 4] = ["s.a", "s.b", "s.c", "t.x"];

pub fn steps(script: &mut Script) {
    let mut options = script.maybe(50, &["allow_msg_ttl", "allow_msg_ttl subject_delete_marker_ttl=1s"]);
    options += &script.maybe(
        40,
        &[
            "max_msgs=3",
            "max_msgs_per_subject=1",
            "max_msgs_per_subject=2",
            "max_age=2377ms",
            "max_bytes=400",
            "max_msg_size=150",
            "duplicate_window=733ms",
        ],
    );
    options += &script.maybe(
        30,
        &[
            "retention=interest",
            "retention=workqueue",
            "republish={\"src\":\">\",\"dest\":\"r.>\"}",
            "subject_transform={\"src\":\"t.*\",\"dest\":\"u.{{wildcard(1)}}\"}",
            "allow_direct",
            "deny_delete",
        ],
    );
    if options.contains("republish") {
        script.say("subscribe r.> as=again");
    }
    script.say(format!("stream create S subjects=s.>,t.> allow_msg_schedules{options}"));
    if options.contains("retention") || script.rng.chance(20) {
        let options = script.maybe(50, &["filter_subject=t.>", "filter_subject=s.>", "ack_policy=none"]);
        script.say(format!("consumer create S/c{options}"));
    }
    script.repeat(8, 18, step);
    script.say("wait 1700ms");
    script.say("info S deleted_details=true subjects_filter=>");
    script.say("repeat 8 stream get S seq=$i");
    script.say("pull S/c batch=10 no_wait");
}

fn step(script: &mut Script) {
    let subject = script.rng.pick(&SUBJECTS);
    let seq = script.rng.between(1, 6);
    match script.rng.below(22) {
        0..=2 => script.say_one(&["wait 470ms", "wait 900ms", "wait 1250ms"]),
        3 => script.say("info S deleted_details=true subjects_filter=>"),
        4 => script.say("pull S/c batch=3 no_wait"),
        5 => script.say(format!("stream delete_message S seq={seq}")),
        6 => script.say_one(&[
            "stream purge S",
            "stream purge S filter=s.a",
            "stream purge S filter=s.> keep=1",
            "stream purge S keep=1",
            "stream purge S seq=3",
        ]),
        7 => script.say_one(&[
            "stream update S max_msgs=2",
            "stream update S subjects=s.>",
            "stream update S subjects=s.>,t.>",
            "stream update S max_msgs_per_subject=1",
            "stream update S description=x",
            "stream update S max_age=1277ms",
        ]),
        8..=10 => {
            let headers = script.maybe(
                50,
                &[
                    "Nats-Scheduler:s.a Nats-Schedule-Next:purge",
                    "Nats-Scheduler:s.b Nats-Schedule-Next:purge",
                    "Nats-Rollup:sub",
                    "Nats-Rollup:all",
                    "Nats-Msg-Id:x",
                    "Nats-TTL:1",
                    "Nats-Expected-Last-Subject-Sequence:0",
                ],
            );
            let payload = script.payload();
            script.say(format!("publish {subject}{headers} {payload}"));
        }
        _ => {
            let when = script.rng.pick(&[
                "@at ${now+600ms}",
                "@at ${now+600ms}",
                "@at ${now+1200ms}",
                "@at ${now-1s}",
                "@every 1s",
                "@every 1s",
                "@every 2s",
                "@every 999ms",
                "0 0 0 1 1 *",
            ]);
            let target = script.rng.pick(&["t.x", "t.x", "t.y", "s.b", "s.c", "x.y", "t.*", "s.a"]);
            let mut headers =
                script.maybe(30, &["Nats-Schedule-TTL:1", "Nats-Schedule-TTL:never", "Nats-Schedule-TTL:2s"]);
            headers += &script
                .maybe(20, &["Nats-Schedule-Source:s.c", "Nats-Schedule-Source:t.x", "Nats-Schedule-Source:s.b"]);
            headers += &script.maybe(15, &["Nats-Schedule-Rollup:sub", "Nats-Schedule-Rollup:all"]);
            headers += &script
                .maybe(10, &["Nats-Rollup:sub", "Nats-TTL:1", "Nats-TTL:2", "Nats-Msg-Id:x", "Nats-Msg-Id:y", "H:v"]);
            let payload = script.payload();
            script.say(format!(
                "publish {subject} Nats-Schedule:\"{when}\" Nats-Schedule-Target:{target}{headers} {payload}"
            ));
        }
    }
}
