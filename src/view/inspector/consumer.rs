//! One consumer, as the server would answer CONSUMER.INFO.

use std::rc::Rc;
use std::time::Duration;

use crate::engine::api::json::to_json;
use crate::engine::api::wire::{ConsumerInfo, PriorityGroupState, SequenceInfo};
use crate::engine::consumer::{Consumer, SequencePair};
use crate::engine::time::Timestamp;
use crate::view::Scene;
use crate::view::payload::{Payload, PayloadForm};

/// A consumer by the names of NATS's JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerJson {
    pub stream: Rc<str>,
    pub name: Rc<str>,
    pub info: String,
}

/// The consumer `name` of `stream`; `None` if it is gone.
pub fn row(scene: Scene<'_>, stream: &Rc<str>, name: &Rc<str>) -> Option<ConsumerJson> {
    let consumer = scene.world.server().account().stream_named(stream)?.consumer_named(name)?;
    let json = to_json(&info(scene, stream, consumer));
    let info = Payload::of(&json, Some(PayloadForm::Json)).text;
    Some(ConsumerJson { stream: Rc::clone(stream), name: Rc::clone(name), info })
}

/// What INFO would say now. Asking it has effects, so this is put together beside it.
fn info(scene: Scene<'_>, stream: &str, consumer: &Consumer) -> ConsumerInfo {
    let sequence = |pair: SequencePair, last_active: Option<Timestamp>| SequenceInfo {
        consumer_seq: pair.consumer_seq,
        stream_seq: pair.stream_seq,
        last_active,
    };
    let (now, reported) = (scene.now(), consumer.reported());
    let paused_until = consumer.paused_until().filter(|until| *until > now);
    let pinned = consumer.pinned();
    let group = |group: &String| PriorityGroupState {
        group: group.clone(),
        pinned_client_id: pinned.map(|(id, _)| id.to_owned()),
        pinned_ts: pinned.map(|(_, since)| since),
    };
    ConsumerInfo {
        stream_name: stream.to_owned(),
        name: consumer.name.clone(),
        created: consumer.created,
        config: consumer.config.shown(),
        delivered: sequence(consumer.reported_delivered(), reported.last_delivered),
        ack_floor: sequence(reported.ack_floor, reported.last_ack),
        num_ack_pending: consumer.ack_pending().len() as u64,
        num_redelivered: consumer.num_redelivered(),
        num_waiting: consumer.waiting().len() as u64,
        num_pending: consumer.num_pending(),
        push_bound: consumer.is_push_bound(),
        paused: paused_until.is_some(),
        pause_remaining: paused_until.map_or(Duration::ZERO, |until| until.since(now)),
        ts: now,
        priority_groups: consumer.config.priority_groups.first().map(group).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::actor::Answer;
    use crate::sim::presets::PRESETS;
    use crate::view::Focus;

    #[test]
    fn it_is_what_the_server_answers() {
        for preset in PRESETS {
            let mut simulation = preset.open();
            let names: Vec<(String, String)> = simulation
                .world()
                .server()
                .account()
                .streams()
                .flat_map(|stream| stream.visible_consumers().map(|of| (stream.config.name.clone(), of.name.clone())))
                .collect();
            for (stream, name) in names {
                let shown = row(Scene::of(&simulation, &Focus::default()), &(&*stream).into(), &(&*name).into());
                let subject = format!("$JS.API.CONSUMER.INFO.{stream}.{name}");
                let Some(Answer::Payload(reply)) = simulation.request(&subject, b"") else { panic!("no answer") };
                let mut reply: serde_json::Value = serde_json::from_slice(&reply).expect("JSON");
                reply.as_object_mut().expect("an object").remove("type");
                let shown: serde_json::Value = serde_json::from_str(&shown.expect("it exists").info).expect("JSON");
                assert_eq!(shown, reply, "{}: {stream} > {name}", preset.key);
            }
        }
    }
}
