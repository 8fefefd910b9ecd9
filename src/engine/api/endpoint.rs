//! Subjects of the API, taken apart.

use super::wire::ReplyKind;
use crate::engine::consumer::config::CreateSubject;

/// What a subject behind `$JS.API.` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint<'a> {
    Info,
    StreamCreate {
        stream: &'a str,
    },
    StreamUpdate {
        stream: &'a str,
    },
    StreamInfo {
        stream: &'a str,
    },
    StreamNames,
    StreamList,
    StreamDelete {
        stream: &'a str,
    },
    StreamPurge {
        stream: &'a str,
    },
    StreamMsgGet {
        stream: &'a str,
    },
    StreamMsgDelete {
        stream: &'a str,
    },
    StreamSnapshot {
        stream: &'a str,
    },
    StreamRestore {
        stream: &'a str,
    },
    ConsumerCreate {
        stream: &'a str,
        subject: CreateSubject<'a>,
    },
    ConsumerInfo {
        stream: &'a str,
        consumer: &'a str,
    },
    ConsumerNames {
        stream: &'a str,
    },
    ConsumerList {
        stream: &'a str,
    },
    ConsumerDelete {
        stream: &'a str,
        consumer: &'a str,
    },
    ConsumerPause {
        stream: &'a str,
        consumer: &'a str,
    },
    ConsumerReset {
        stream: &'a str,
        consumer: &'a str,
    },
    ConsumerUnpin {
        stream: &'a str,
        consumer: &'a str,
    },
    ConsumerMsgNext {
        stream: &'a str,
        consumer: &'a str,
    },
    /// With a subject for the last message on it.
    DirectGet {
        stream: &'a str,
        subject: Option<&'a str>,
    },
    /// What only a cluster can do.
    ClusterOnly(ReplyKind),
}

impl<'a> Endpoint<'a> {
    /// `None` for subjects that mean nothing.
    pub fn parse(subject: &'a str) -> Option<Self> {
        let tokens: Vec<&str> = subject.split('.').collect();
        if tokens.iter().any(|token| token.is_empty()) {
            return None;
        }
        match *tokens.as_slice() {
            ["INFO"] => Some(Self::Info),
            ["STREAM", ref rest @ ..] => Self::stream(rest),
            ["CONSUMER", ref rest @ ..] => Self::consumer(subject, rest),
            ["DIRECT", "GET", stream] => Some(Self::DirectGet { stream, subject: None }),
            ["DIRECT", "GET", stream, _, ..] => {
                let subject = subject.splitn(4, '.').nth(3);
                Some(Self::DirectGet { stream, subject })
            }
            _ => None,
        }
    }

    fn stream(tokens: &[&'a str]) -> Option<Self> {
        Some(match *tokens {
            ["CREATE", stream] => Self::StreamCreate { stream },
            ["UPDATE", stream] => Self::StreamUpdate { stream },
            ["INFO", stream] => Self::StreamInfo { stream },
            ["NAMES"] => Self::StreamNames,
            ["LIST"] => Self::StreamList,
            ["DELETE", stream] => Self::StreamDelete { stream },
            ["PURGE", stream] => Self::StreamPurge { stream },
            ["MSG", "GET", stream] => Self::StreamMsgGet { stream },
            ["MSG", "DELETE", stream] => Self::StreamMsgDelete { stream },
            ["SNAPSHOT", stream] => Self::StreamSnapshot { stream },
            ["RESTORE", stream] => Self::StreamRestore { stream },
            ["LEADER", "STEPDOWN", _] => Self::ClusterOnly(ReplyKind::StreamLeaderStepdown),
            ["PEER", "REMOVE", _] => Self::ClusterOnly(ReplyKind::StreamRemovePeer),
            ["PEER", "EVACUATE", _] => Self::ClusterOnly(ReplyKind::StreamEvacuatePeer),
            ["CANCEL_MOVE", _] => Self::ClusterOnly(ReplyKind::StreamCancelMove),
            _ => return None,
        })
    }

    fn consumer(subject: &'a str, tokens: &[&'a str]) -> Option<Self> {
        Some(match *tokens {
            ["CREATE", stream] => Self::ConsumerCreate { stream, subject: CreateSubject::Ephemeral { stream } },
            ["CREATE", stream, name, ..] => {
                let filter = subject.splitn(5, '.').nth(4);
                Self::ConsumerCreate { stream, subject: CreateSubject::Named { stream, name, filter } }
            }
            ["DURABLE", "CREATE", stream, name] => {
                Self::ConsumerCreate { stream, subject: CreateSubject::Durable { stream, name } }
            }
            ["INFO", stream, consumer] => Self::ConsumerInfo { stream, consumer },
            ["NAMES", stream] => Self::ConsumerNames { stream },
            ["LIST", stream] => Self::ConsumerList { stream },
            ["DELETE", stream, consumer] => Self::ConsumerDelete { stream, consumer },
            ["PAUSE", stream, consumer] => Self::ConsumerPause { stream, consumer },
            ["RESET", stream, consumer] => Self::ConsumerReset { stream, consumer },
            ["UNPIN", stream, consumer] => Self::ConsumerUnpin { stream, consumer },
            ["MSG", "NEXT", stream, consumer] => Self::ConsumerMsgNext { stream, consumer },
            ["LEADER", "STEPDOWN", _, _] => Self::ClusterOnly(ReplyKind::ConsumerLeaderStepdown),
            ["PEER", "REMOVE", _, _] => Self::ClusterOnly(ReplyKind::ConsumerRemovePeer),
            ["PEER", "EVACUATE", _, _] => Self::ClusterOnly(ReplyKind::ConsumerEvacuatePeer),
            _ => return None,
        })
    }

    /// The kind of reply that answers it.
    pub const fn kind(&self) -> ReplyKind {
        match self {
            Self::StreamCreate { .. } => ReplyKind::StreamCreate,
            Self::StreamUpdate { .. } => ReplyKind::StreamUpdate,
            Self::StreamInfo { .. } => ReplyKind::StreamInfo,
            Self::StreamNames => ReplyKind::StreamNames,
            Self::StreamList => ReplyKind::StreamList,
            Self::StreamDelete { .. } => ReplyKind::StreamDelete,
            Self::StreamPurge { .. } => ReplyKind::StreamPurge,
            Self::StreamMsgGet { .. } => ReplyKind::StreamMsgGet,
            Self::StreamMsgDelete { .. } => ReplyKind::StreamMsgDelete,
            Self::StreamSnapshot { .. } => ReplyKind::StreamSnapshot,
            Self::StreamRestore { .. } => ReplyKind::StreamRestore,
            Self::ConsumerCreate { .. } => ReplyKind::ConsumerCreate,
            Self::ConsumerInfo { .. } => ReplyKind::ConsumerInfo,
            Self::ConsumerNames { .. } => ReplyKind::ConsumerNames,
            Self::ConsumerList { .. } => ReplyKind::ConsumerList,
            Self::ConsumerDelete { .. } => ReplyKind::ConsumerDelete,
            Self::ConsumerPause { .. } => ReplyKind::ConsumerPause,
            Self::ConsumerReset { .. } => ReplyKind::ConsumerReset,
            Self::ConsumerUnpin { .. } => ReplyKind::ConsumerUnpin,
            Self::ClusterOnly(kind) => *kind,
            // Those without a JSON reply never ask.
            Self::Info | Self::ConsumerMsgNext { .. } | Self::DirectGet { .. } => ReplyKind::AccountInfo,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_taken_apart() {
        let named = |filter| Endpoint::ConsumerCreate {
            stream: "S",
            subject: CreateSubject::Named { stream: "S", name: "C", filter },
        };
        for (subject, expected) in [
            ("INFO", Some(Endpoint::Info)),
            ("STREAM.CREATE.S", Some(Endpoint::StreamCreate { stream: "S" })),
            ("STREAM.CREATE.S.T", None),
            ("STREAM.CREATE", None),
            ("STREAM.NAMES.x", None),
            ("STREAM.FOO.S", None),
            ("META.LEADER.STEPDOWN", None),
            ("CONSUMER.CREATE.S.C", Some(named(None))),
            ("CONSUMER.CREATE.S.C.a.>", Some(named(Some("a.>")))),
            ("CONSUMER.DURABLE.CREATE.S.C.x", None),
            ("DIRECT.GET.S.a.b", Some(Endpoint::DirectGet { stream: "S", subject: Some("a.b") })),
            ("", None),
            ("STREAM..S", None),
        ] {
            assert_eq!(Endpoint::parse(subject), expected, "{subject}");
        }
    }
}
