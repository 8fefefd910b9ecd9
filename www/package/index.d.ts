/**
 * NATS JetStream in memory, on a clock that you own. Real clients connect to it: nats.js in the same tab or process,
 * any client over TCP through `npx jetstream-sim`.
 *
 * @packageDocumentation
 */

/** A length of time: milliseconds as a number, nanoseconds as a bigint, or text as in Go: `"1h30m"`, `"250ms"`, `"24h"`. */
export type Duration = number | bigint | string;

/** A moment from 1970 to 2554: a `Date`, RFC 3339 text to the nanosecond, or nanoseconds since 1970 as a bigint. */
export type Moment = Date | string | bigint;

/** Nanoseconds, as JetStream's API has durations. */
export type Nanos = number;

/** What the account may use. Left out, there is no limit. Bytes, unless said otherwise. */
export interface AccountLimits {
  max_memory?: number;
  max_storage?: number;
  /** Streams. */
  max_streams?: number;
  /** Consumers of one stream. */
  max_consumers?: number;
  /** Deliveries that wait for an ack, of one consumer. */
  max_ack_pending?: number;
  memory_max_stream_bytes?: number;
  storage_max_stream_bytes?: number;
  /** Whether every stream must set `max_bytes`. */
  max_bytes_required?: boolean;
}

/** JetStream's settings, named as in nats-server's configuration. */
export interface JetStreamOptions {
  /** Refuse requests with unknown fields. True unless set. */
  strict?: boolean;
  domain?: string;
  /**
   * Bytes that all streams with memory storage may store; above, publishing fails with "insufficient resources". Unset,
   * streams may still reserve no more than 1 TiB with `max_bytes`.
   */
  max_memory_store?: number;
  /** The same for streams with file storage, which is memory here as well. */
  max_file_store?: number;
  /** The same for all streams together: 3,800,000,000 unless set. */
  max_total_store?: number;
  /** The longest duplicate window of a stream. */
  duplicate_window?: Nanos;
  /** The largest batch of one pull request. */
  max_request_batch?: number;
  /** The most deliveries that may wait for an ack, of any consumer. */
  max_ack_pending?: number;
  /** Of batches of published messages. */
  batch?: { max_inflight_per_stream?: number; max_inflight_total?: number; max_msgs?: number; timeout?: Nanos };
  limits?: AccountLimits;
}

/** How a simulator is made. Everything has a default. */
export interface SimulatorOptions {
  /** Seeds everything random: names, ids, the choice in queue groups. Equal seeds and inputs give equal runs. */
  seed?: number | bigint;
  /** When simulated time starts: 2026-01-01T00:00:00Z unless set. */
  start?: Moment;
  server_name?: string;
  /** What INFO tells clients. */
  host?: string;
  port?: number;
  /** The largest message, headers and payload together, in bytes: 1 MiB unless set. 0 means the default, here and below. */
  max_payload?: number;
  /** The longest argument part of a line of the protocol, in bytes: 4096 unless set. */
  max_control_line?: number;
  /** The most subscriptions of a connection, where there is a limit. */
  max_subscriptions?: number;
  /** The most tokens of a subscription's subject, where there is a limit. */
  max_subscription_tokens?: number;
  /**
   * How often clients are asked whether they are there; who leaves `ping_max` of them unanswered is let go. Left out, nobody is
   * asked: on a clock that runs a day in a moment, PINGs are events like any other.
   */
  ping_interval?: Nanos;
  /** How many PINGs may be unanswered: 2 unless set. */
  ping_max?: number;
  /** JetStream's settings; false turns it off. */
  jetstream?: JetStreamOptions | false;
  /** Bytes of inputs that the journal keeps, 16 MiB unless set; 0 keeps none. */
  journal_bytes?: number;
  /**
   * How long attached clients must be silent, in milliseconds of wall time, before {@link Simulator.advance} lets time go
   * on. 0 unless set: two turns of the event loop, which is right for clients in the same tab or process.
   */
  quiet_ms?: number;
}

/** A client's end of a connection: bytes of the NATS protocol, cut anywhere. */
export interface Connection {
  /** What the server calls it: `client_id` in INFO and in events, `cid` in CONNZ. */
  readonly clientId: number;
  /** Sends bytes to the server, or a text as UTF-8. After the end of the connection nothing happens. */
  write(bytes: Uint8Array | ArrayBuffer | DataView | string): void;
  /** Hangs up. Tells of the connection; nothing if it had ended before. */
  close(): EndedConnection | undefined;
}

/** A connection that has ended, in the shape of the server's monitoring (`/connz?state=closed&subs=detail`). */
export interface EndedConnection {
  cid: number;
  kind: string;
  type: string;
  ip: string;
  port: number;
  start: string;
  last_activity: string;
  /** A round trip: as good as none. */
  rtt: string;
  stop: string;
  /** Such as `Client Closed`, `Stale Connection`, `Maximum Message Payload Exceeded`. */
  reason: string;
  uptime: string;
  idle: string;
  pending_bytes: number;
  in_msgs: number;
  out_msgs: number;
  in_bytes: number;
  out_bytes: number;
  /** How many; what they were stands in `subscriptions_list_detail`. */
  subscriptions: number;
  name?: string;
  lang?: string;
  version?: string;
  subscriptions_list_detail?: { subject: string; qgroup?: string; sid: string; msgs: number; cid: number }[];
}

/** What happens next without an input. */
export interface NextEvent {
  /** Cut to milliseconds. */
  at: Date;
  /** Since 1970. */
  atNanos: bigint;
  /** In a few words: `AckWait of #4 ends`. */
  reason: string;
}

/** Something that happened on the server. */
export interface ServerEvent {
  /** RFC 3339, simulated time. */
  at: string;
  /**
   * `client_connected`, `client_gone`, `slow_consumer`, `no_responders`, `api_error`, `stream_created`, `stream_updated`,
   * `stream_deleted`, `stored`, `not_kept`, `duplicate`, `refused`, `removed`, `msg_id_forgotten`, `origin_connected`,
   * `origin_failed`, `origin_silent`, `consumer_created`, `consumer_updated`, `consumer_deleted`, `delivered`, `acked`,
   * `naked`, `in_progress`, `ack_ignored`, `ack_wait_ended`, `gave_up`, `pull_requested`, `pull_ended`, `stalled`,
   * `heartbeat`, `paused`, `resumed`, `pinned`, `unpinned`, `went_in_circles`, `events_dropped`.
   */
  type: string;
  client_id?: number;
  stream?: string;
  consumer?: string;
  origin?: string;
  stream_seq?: number;
  consumer_seq?: number;
  /** 1 for the first delivery. */
  delivered?: number;
  subject?: string;
  msg_id?: string;
  payload_bytes?: number;
  batch?: number;
  /** When an ack, a pull request or a pause is due to end. */
  until?: string;
  delay_ns?: Nanos;
  err_code?: number;
  /** Why, in words or in one word. */
  cause?: string;
  /** Of `events_dropped`: how many the reader was too slow for. */
  count?: number;
}

/** An error that the server answered; also one of the connection, with `err_code` 0. */
export class JetStreamError extends Error {
  constructor(description: string, code: number, err_code?: number);
  /** The server's text. */
  description: string;
  /** As in HTTP: 400, 404, 503. */
  code: number;
  /** JetStream's own number, such as 10059 for "stream not found"; 0 if it is not JetStream that refuses. */
  err_code: number;
}

/** The answer to a request. */
export interface Reply {
  /** A message of a stream comes with its own subject, anything else with the request's inbox. */
  subject: string;
  /** Of a consumer's message: where its acknowledgement goes. */
  reply?: string;
  /** Of an answer that is a status, as direct gets and pull requests have: 404, 408, 409. */
  status?: number;
  /** What the status means, such as `No Messages`. */
  description?: string;
  /** Names and values, in order. */
  headers: [string, string][];
  data: Uint8Array;
  string(): string;
  json<T = unknown>(): T;
}

/** Text, bytes, or what becomes JSON. */
export type Payload = string | Uint8Array | ArrayBuffer | DataView | object;

/** Header names with one value or several; or pairs. */
export type HeadersInit = Record<string, string | number | (string | number)[]> | Iterable<[string, string | number]>;

/** What a stream is made from; `name` is enough. */
export interface StreamConfigRequest extends Partial<Omit<StreamConfig, "name">> {
  name: string;
}

/** A stream's configuration. */
export interface StreamConfig {
  name: string;
  description?: string;
  subjects?: string[];
  retention: "limits" | "interest" | "workqueue";
  max_consumers: number;
  max_msgs: number;
  max_bytes: number;
  max_age: Nanos;
  max_msgs_per_subject: number;
  max_msg_size: number;
  discard: "old" | "new";
  storage: "file" | "memory";
  num_replicas: number;
  no_ack?: boolean;
  duplicate_window?: Nanos;
  placement?: { cluster?: string; tags?: string[]; preferred?: string };
  mirror?: StreamSource;
  sources?: StreamSource[];
  compression: "none" | "s2";
  first_seq?: number;
  subject_transform?: SubjectTransform;
  republish?: { src?: string; dest: string; headers_only?: boolean };
  allow_direct: boolean;
  mirror_direct: boolean;
  discard_new_per_subject?: boolean;
  sealed: boolean;
  deny_delete: boolean;
  deny_purge: boolean;
  allow_rollup_hdrs: boolean;
  consumer_limits: { inactive_threshold?: Nanos; max_ack_pending?: number };
  allow_msg_ttl: boolean;
  subject_delete_marker_ttl?: Nanos;
  allow_msg_counter?: boolean;
  allow_atomic?: boolean;
  allow_msg_schedules?: boolean;
  persist_mode?: "default" | "async";
  allow_batched?: boolean;
  metadata?: Record<string, string>;
}

/** Where a mirror or a source takes its messages from. */
export interface StreamSource {
  name: string;
  opt_start_seq?: number;
  opt_start_time?: string;
  filter_subject?: string;
  subject_transforms?: SubjectTransform[];
  external?: { api: string; deliver?: string };
  /** A durable push consumer of the origin, with `ack_policy` "flow_control", in place of one that the server makes itself. */
  consumer?: { name: string; deliver_subject: string };
}

/** How subjects are rewritten. */
export interface SubjectTransform {
  src: string;
  dest: string;
}

/** What a stream holds. */
export interface StreamState {
  messages: number;
  /**
   * With file storage 30 for a message beyond its subject, headers and payload, 34 if it has headers, as in nats-server's
   * files; 16 with memory storage.
   */
  bytes: number;
  first_seq: number;
  first_ts: string;
  last_seq: number;
  last_ts: string;
  num_subjects?: number;
  subjects?: Record<string, number>;
  num_deleted?: number;
  deleted?: number[];
  consumer_count: number;
}

/** A stream, as the server tells of it. */
export interface StreamInfo {
  config: StreamConfig;
  created: string;
  state: StreamState;
  domain?: string;
  cluster?: { leader?: string };
  mirror?: StreamSourceInfo;
  sources?: StreamSourceInfo[];
  ts: string;
  /** With a `subjects_filter`: how many subjects match, from which on they are told, and how many at most. */
  total?: number;
  offset?: number;
  limit?: number;
  /** In the answer to {@link Simulator.addStream}. */
  did_create?: boolean;
}

/** How far a mirror or source has come. */
export interface StreamSourceInfo {
  name: string;
  lag: number;
  /** Since the last contact; -1 for never. */
  active: Nanos;
  external?: { api: string; deliver?: string };
  filter_subject?: string;
  subject_transforms?: SubjectTransform[];
  error?: { code: number; err_code: number; description: string };
}

/** A consumer's configuration. What is left out when it is made gets the server's default. */
export interface ConsumerConfig {
  durable_name?: string;
  name?: string;
  description?: string;
  deliver_policy: "all" | "last" | "new" | "by_start_sequence" | "by_start_time" | "last_per_subject";
  opt_start_seq?: number;
  opt_start_time?: string;
  ack_policy: "none" | "all" | "explicit" | "flow_control";
  ack_wait?: Nanos;
  max_deliver?: number;
  backoff?: Nanos[];
  filter_subject?: string;
  filter_subjects?: string[];
  replay_policy: "instant" | "original";
  rate_limit_bps?: number;
  sample_freq?: string;
  max_waiting?: number;
  max_ack_pending?: number;
  flow_control?: boolean;
  headers_only?: boolean;
  max_batch?: number;
  max_expires?: Nanos;
  max_bytes?: number;
  deliver_subject?: string;
  deliver_group?: string;
  idle_heartbeat?: Nanos;
  inactive_threshold?: Nanos;
  num_replicas: number;
  mem_storage?: boolean;
  metadata?: Record<string, string>;
  pause_until?: string;
  priority_groups?: string[];
  priority_policy?: "none" | "overflow" | "pinned_client" | "prioritized";
  priority_timeout?: Nanos;
}

/** The two sequences of a delivery. */
export interface SequenceInfo {
  consumer_seq: number;
  stream_seq: number;
  last_active?: string;
}

/** A consumer, as the server tells of it. */
export interface ConsumerInfo {
  stream_name: string;
  name: string;
  created: string;
  config: ConsumerConfig;
  delivered: SequenceInfo;
  ack_floor: SequenceInfo;
  num_ack_pending: number;
  num_redelivered: number;
  num_waiting: number;
  num_pending: number;
  push_bound?: boolean;
  paused?: boolean;
  pause_remaining?: Nanos;
  ts: string;
  priority_groups?: { group: string; pinned_client_id?: string; pinned_ts?: string }[];
}

/** What a stream says of a message that it stored. */
export interface PubAck {
  stream: string;
  seq: number;
  domain?: string;
  duplicate?: boolean;
  /** Of a counter: its new value. */
  val?: string;
  batch?: string;
  count?: number;
}

/** A message as it is stored. */
export interface StoredMessage {
  subject: string;
  seq: number;
  /** Base64 of the header block. */
  hdrs?: string;
  /** Base64 of the payload. */
  data?: string;
  time: string;
}

/** What the account uses and may use. */
export interface AccountInfo {
  memory: number;
  storage: number;
  reserved_memory: number;
  reserved_storage: number;
  streams: number;
  consumers: number;
  limits: Record<string, number | boolean>;
  domain?: string;
  api: { level: number; total: number; errors: number };
}

/** A state of a simulator to go back to. Cheap: it shares memory with the simulator until one of them changes. */
export interface Snapshot {
  /** Lets go of its memory. */
  free(): void;
  [Symbol.dispose](): void;
}

/**
 * A NATS server with JetStream, its clock, and the connections of its clients.
 *
 * Time stands still until {@link advance}, {@link runUntil} or {@link play}. Clients that are attached are served all the
 * same: what needs no time happens at once.
 */
export class Simulator {
  private constructor();

  /** Makes a simulator; loads the WebAssembly the first time. */
  static create(options?: SimulatorOptions): Promise<Simulator>;

  /** A simulator in the state in which another exported its journal; all connections of then are closed. */
  static replay(journal: string, options?: Pick<SimulatorOptions, "quiet_ms">): Promise<Simulator>;

  /**
   * Opens a connection. `onBytes` is given what the server sends, one array a frame, which the receiver may keep;
   * `onClosed` is called once if the server, or the end of the simulator, closes the connection; the server says what
   * it was, and why it ended.
   */
  connect(onBytes: (bytes: Uint8Array) => void, onClosed?: (ended?: EndedConnection) => void): Connection;

  /**
   * What nats.js takes to connect here in the same tab or process:
   * `wsconnect({ servers: "ws://sim", wsFactory: simulator.webSocketFactory() })`.
   */
  webSocketFactory(): (url: string, options?: unknown) => Promise<{ socket: any; encrypted: boolean }>;

  /** Simulated time, cut to milliseconds. */
  now(): Date;

  /** Simulated time in nanoseconds since 1970. */
  nowNanos(): bigint;

  /** What happens next without an input; `undefined` if nothing ever does. */
  nextEvent(): NextEvent | undefined;

  /**
   * Lets time pass, from event to event. After each that concerns an attached client, the client gets the chance to
   * answer before time goes on. Calls one after the other run one after the other. However much happens, everything else
   * has its turn every 50 ms, so that {@link dispose} ends it.
   */
  advance(duration: Duration): Promise<void>;

  /**
   * Lets time pass up to a moment, or event by event until `goal()` is true.
   *
   * The goal looks, and does not itself wait for time to pass: {@link advance} within it would wait for its end.
   *
   * @throws {JetStreamError} with code 408 if `goal()` is not true within `limit` of simulated time, 24 h unless set.
   */
  runUntil(goal: Moment | (() => boolean | Promise<boolean>), options?: { limit?: Duration }): Promise<void>;

  /**
   * Lets time pass by itself, at `speed` times wall time. Where more happens than there is wall time for, simulated time
   * falls behind. With `since`, it goes on as if it had played since then, a moment as `performance.now()` tells it.
   */
  play(speed?: number, options?: { since?: number }): void;

  /** Stops time. */
  pause(): void;

  readonly isPlaying: boolean;

  /** Simulated time for wall time; 1 unless set. */
  speed: number;

  /**
   * What happens from now on. Every reading of this property makes a new iterator, which keeps the last 10,000 events
   * that it was not asked for.
   */
  readonly events: AsyncIterableIterator<ServerEvent>;

  /** The state as it is. */
  snapshot(): Snapshot;

  /**
   * Goes back to a state. Connections that were opened after it are closed; those that are open now as then go on, and
   * their clients know nothing of it.
   */
  restore(snapshot: Snapshot): void;

  /** All inputs so far as text, for {@link replay}. */
  exportJournal(): string;

  /**
   * Sends a request and gives the answer. Only what the server itself answers at once comes: the API, a stream's PubAck, a
   * consumer's message or status; of several answers the first. Nothing is delivered to a request that has returned.
   *
   * @throws {JetStreamError} with code 503 if nobody listens, 408 if nobody answers at once
   */
  request(subject: string, payload?: Payload, options?: { headers?: HeadersInit }): Reply;

  /**
   * Sends a request and gives the answer, and nothing has happened after it: no counter counts, no advisory goes out, a
   * deleted stream is still there.
   *
   * @throws {JetStreamError} as {@link request}
   */
  inspect(subject: string, payload?: Payload): Reply;

  /** Publishes a message into a stream, which has to acknowledge it (`no_ack` is not set). @throws {JetStreamError} */
  publish(subject: string, payload?: Payload, options?: { headers?: HeadersInit }): PubAck;

  /** @throws {JetStreamError} */
  accountInfo(): AccountInfo;

  /** Makes a stream, or finds that it is there just so. @throws {JetStreamError} */
  addStream(config: StreamConfigRequest): StreamInfo;

  /** Replaces a stream's configuration; what is left out gets its default. @throws {JetStreamError} */
  updateStream(config: StreamConfigRequest): StreamInfo;

  /** @throws {JetStreamError} */
  streamInfo(stream: string, options?: { subjects_filter?: string; deleted_details?: boolean }): StreamInfo;

  /** The names of all streams, or of those with a subject that overlaps `subject`. */
  streamNames(subject?: string): string[];

  /** All streams, or those with a subject that overlaps `subject`. */
  streams(subject?: string): StreamInfo[];

  /** @throws {JetStreamError} */
  deleteStream(stream: string): boolean;

  /** @throws {JetStreamError} */
  purgeStream(
    stream: string,
    options?: { filter?: string; seq?: number; keep?: number },
  ): { success: boolean; purged: number };

  /** A message by its sequence, or as the query says. @throws {JetStreamError} */
  getMessage(
    stream: string,
    query: number | { seq?: number; last_by_subj?: string; next_by_subj?: string; start_time?: string },
  ): StoredMessage;

  /** @throws {JetStreamError} */
  deleteMessage(stream: string, seq: number): boolean;

  /** Makes or updates a consumer; without a name it is ephemeral. @throws {JetStreamError} */
  addConsumer(stream: string, config: Partial<ConsumerConfig>): ConsumerInfo;

  /** @throws {JetStreamError} */
  consumerInfo(stream: string, consumer: string): ConsumerInfo;

  /** @throws {JetStreamError} */
  consumerNames(stream: string): string[];

  /** @throws {JetStreamError} */
  consumers(stream: string): ConsumerInfo[];

  /** @throws {JetStreamError} */
  deleteConsumer(stream: string, consumer: string): boolean;

  /** Pauses a consumer until a moment; without one it goes on. @throws {JetStreamError} */
  pauseConsumer(
    stream: string,
    consumer: string,
    until?: Date | string,
  ): { paused: boolean; pause_until: string; pause_remaining?: Nanos };

  /** Ends everything: connections are closed, memory is given back. Nothing but this may be called after it. */
  dispose(): void;
  [Symbol.dispose](): void;
}
