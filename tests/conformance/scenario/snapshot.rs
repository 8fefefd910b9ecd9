//! The steps that back up a stream and restore it, chunk by chunk.

use super::print;
use super::run::Runner;
use super::words::Word;
use crate::json::Json;
use crate::wire::{Frame, Message};
use std::time::Duration;

/// What a `snapshot` step collected.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    config: Option<Json>,
    state: Option<Json>,
    chunks: Vec<Vec<u8>>,
}

impl Runner {
    /// `snapshot STREAM [key=value…]` keeps a backup under the stream's name; `restore STREAM [key=value…]` brings it back,
    /// its config changed as said.
    pub(super) fn snapshot_step(&mut self, verb: &str, arguments: &[Word]) -> Result<Vec<String>, String> {
        let (stream, options) = arguments.split_first().ok_or_else(|| format!("{verb} wants a stream"))?;
        match verb {
            "snapshot" => self.snapshot(&stream.text, options),
            _ => self.restore(&stream.text, options),
        }
    }

    fn snapshot(&mut self, stream: &str, options: &[Word]) -> Result<Vec<String>, String> {
        let inbox = format!("_INBOX.snapshot.{stream}");
        let sid = self.subscribe(&inbox, None, None);
        let mut request = vec![("deliver_subject".to_owned(), Json::string(&inbox))];
        request.extend(super::values::members(options)?);
        let body = Json::Object(request).to_string();
        let reply = self.request(&format!("$JS.API.STREAM.SNAPSHOT.{stream}"), None, body.as_bytes());
        let mut snapshot = Snapshot::default();
        let json = reply.as_ref().and_then(Message::json);
        snapshot.config = json.as_ref().and_then(|json| json.get("config").cloned());
        snapshot.state = json.as_ref().and_then(|json| json.get("state").cloned());
        let mut lines = vec![print::reply(&mut self.masks, reply.as_ref())];
        if snapshot.config.is_some() {
            lines.push(self.collect_chunks(&sid, &mut snapshot));
        }
        let conn = self.conn();
        self.client.unsubscribe(conn, &sid, None);
        self.snapshots.insert(stream.to_owned(), snapshot);
        Ok(lines)
    }

    /// Takes chunks and acks those that ask for it, until the end; returns the line that tells of the end.
    fn collect_chunks(&mut self, sid: &str, snapshot: &mut Snapshot) -> String {
        let conn = self.conn();
        let limit = self.client.elapsed() + Duration::from_secs(5);
        let mut kept = Vec::new();
        let mut end = "no end of the snapshot".to_owned();
        while self.client.elapsed() < limit && end.starts_with("no end") {
            self.client.settle(self.pace.quiet);
            for event in self.client.take_events() {
                match &event.frame {
                    Some(Frame::Message(chunk)) if event.conn == conn && chunk.sid == sid => {
                        if chunk.payload.is_empty() {
                            end = format!("end of the snapshot {}", chunk.status().unwrap_or("without status"));
                            continue;
                        }
                        snapshot.chunks.push(chunk.payload.clone());
                        if let Some(reply) = &chunk.reply {
                            self.client.publish(conn, reply, None, None, b"");
                        }
                    }
                    _ => kept.push(event),
                }
            }
        }
        self.client.put_back(kept);
        end
    }

    fn restore(&mut self, stream: &str, options: &[Word]) -> Result<Vec<String>, String> {
        let snapshot = self.snapshots.get(stream).cloned().ok_or_else(|| format!("no snapshot of {stream}"))?;
        let member = |name: &str, value: Option<Json>| (name.to_owned(), value.unwrap_or(Json::Null));
        let config = snapshot.config.as_ref().map(Json::members).unwrap_or(&[]);
        let config = Json::Object(super::values::changed(config, super::values::members(options)?));
        let request = Json::Object(vec![member("config", Some(config)), member("state", snapshot.state)]);
        let subject = format!("$JS.API.STREAM.RESTORE.{stream}");
        let reply = self.request(&subject, None, request.to_string().as_bytes());
        let mut lines = vec![print::reply(&mut self.masks, reply.as_ref())];
        let json = reply.as_ref().and_then(Message::json);
        let deliver = json.as_ref().and_then(|json| json.get("deliver_subject")).and_then(Json::as_str);
        let Some(deliver) = deliver.filter(|subject| !subject.is_empty()) else { return Ok(lines) };
        for chunk in &snapshot.chunks {
            if self.request(deliver, None, chunk).is_none_or(|reply| !reply.payload.is_empty()) {
                lines.push("a chunk was not taken".to_owned());
            }
        }
        let done = self.request(deliver, None, b"");
        lines.push(print::reply(&mut self.masks, done.as_ref()));
        Ok(lines)
    }
}
