import { createInbox, delay, headers, wsconnect } from "@nats-io/nats-core";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";

const nc = await wsconnect({ servers: "ws://sim" });
const js = jetstream(nc);
const jsm = await jetstreamManager(nc);
let m; // the message that came last

