//! What stands in a consumer's way, and what would help.

use crate::engine::consumer::Consumer;
use crate::engine::event::Event;
use crate::engine::stream::Stream;

use super::{Notice, Remedy};
use crate::view::scene::time_of_day;
use crate::view::{Phrase, Scene, text};

/// The first hindrance; `None` if messages flow, or there are none.
pub fn notice<'a>(scene: Scene<'a>, stream: &'a Stream, consumer: &'a Consumer) -> Option<Notice> {
    if consumer.is_paused(scene.now()) {
        return None;
    }
    if !consumer.is_pull() && !consumer.is_push_bound() && consumer.num_pending() > 0 {
        let waiting = text::counted(consumer.num_pending(), "message");
        let phrase =
            Phrase::new().strong(format!("{waiting} to deliver.")).plain(" Nobody listens on the deliver subject.");
        return says(phrase, remedy(scene, stream, consumer).filter(|remedy| *remedy == Remedy::AddWorker));
    }
    if consumer.is_pull() && consumer.waiting().is_empty() {
        let due = consumer.ack_pending().num_due() as u64;
        if due > 0 {
            return due_without_pull(scene, stream, consumer, due);
        }
        if consumer.num_pending() > 0 && !consumer.is_stalled() {
            return pending_without_pull(scene, stream, consumer);
        }
    }
    if consumer.is_stalled() && consumer.num_pending() > 0 {
        let max = consumer.config.max_ack_pending.limit().unwrap_or(0);
        let phrase = Phrase::new().strong("The tray is full.").plain(format!(
            " MaxAckPending {max}: nothing new goes out until one is acked; a nak with delay keeps its slot."
        ));
        return says(phrase, None);
    }
    None
}

fn says(says: Phrase, remedy: Option<Remedy>) -> Option<Notice> {
    Some(Notice { says, remedy })
}

fn due_without_pull<'a>(scene: Scene<'a>, stream: &'a Stream, consumer: &'a Consumer, due: u64) -> Option<Notice> {
    let ended = scene.recent().find_map(|traced| match traced.event {
        Event::AckWaitEnded { stream: id, consumer: of, stream_seq, nak_delay }
            if id == stream.id && of == consumer.id =>
        {
            Some((traced.at, stream_seq, nak_delay))
        }
        _ => None,
    });
    let (what, why) = match ended {
        Some((at, seq, is_delay)) if due == 1 && consumer.ack_pending().contains(seq) => {
            let what = if is_delay { "delay" } else { "AckWait" };
            (format!("#{seq} waits for a pull."), format!(" Its {what} ended at {}", time_of_day(at)))
        }
        _ => (format!("{due} to redeliver wait for a pull."), " They are due again".into()),
    };
    let phrase = Phrase::new().strong(what).plain(why).plain(" and no worker has an open pull request.");
    says(phrase, remedy(scene, stream, consumer))
}

fn pending_without_pull<'a>(scene: Scene<'a>, stream: &'a Stream, consumer: &'a Consumer) -> Option<Notice> {
    // A worker that holds something is about to act; the hint is for those that do nothing.
    let mut workers = scene.workers(&stream.config.name, &consumer.name);
    if workers.any(|(_, actor, worker)| actor.conn.is_some() && worker.held().len() > 0) {
        return None;
    }
    let waiting = text::counted(consumer.num_pending(), "message");
    let phrase = Phrase::new()
        .strong(format!("{waiting} to deliver."))
        .plain(" A pull consumer delivers only when a worker asks, and none does.");
    says(phrase, remedy(scene, stream, consumer))
}

/// A worker that could ask, or one more worker.
fn remedy<'a>(scene: Scene<'a>, stream: &'a Stream, consumer: &'a Consumer) -> Option<Remedy> {
    let free = scene
        .workers(&stream.config.name, &consumer.name)
        .filter(|(_, actor, worker)| actor.conn.is_some() && !worker.has_open_pull())
        .min_by_key(|(_, _, worker)| worker.held().len());
    Some(
        free.map_or(Remedy::AddWorker, |(id, actor, _)| Remedy::Fetch { worker: id, name: actor.name.as_str().into() }),
    )
}
