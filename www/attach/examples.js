// What the editor offers: each runs as it is, also against a real server with its address in `servers`.

const CONNECT = `const nc = await wsconnect({ servers: "ws://sim", name: "NAME" });\n`;
const connect = (name) => CONNECT.replace("NAME", name);

export const EXAMPLES = {
  [textOf("publish-and-consume")]: `import { wsconnect } from "@nats-io/nats-core";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";

${connect("orders")}const jsm = await jetstreamManager(nc);
await jsm.streams.add({ name: "TRIPS", subjects: ["trips.>"], storage: "memory" });
await jsm.consumers.add("TRIPS", { durable_name: "driver", ack_policy: "explicit" });

const js = jetstream(nc);
for (const place of ["harbour", "station", "market"]) {
  const ack = await js.publish(\`trips.\${place}\`, \`to the \${place}\`);
  console.log("stored as", ack.seq);
}

const driver = await js.consumers.get("TRIPS", "driver");
const messages = await driver.consume();
for await (const message of messages) {
  console.log(message.subject, message.string(), "delivered", message.info.deliveryCount);
  await message.ackAck();
  if (message.info.pending === 0) break;
}
await nc.drain();
`,
  [textOf("ordered-consumer")]: `import { wsconnect } from "@nats-io/nats-core";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";

${connect("reader")}const jsm = await jetstreamManager(nc);
await jsm.streams.add({ name: "LOG", subjects: ["log.>"], storage: "memory" });
const js = jetstream(nc);
for (let line = 1; line <= 5; line += 1) await js.publish("log.app", \`line \${line}\`);

// It keeps its place by itself: delete its consumer on the server, and it makes another.
const ordered = await js.consumers.get("LOG");
for await (const message of await ordered.consume()) {
  console.log(message.seq, message.string());
  if (message.info.pending === 0) break;
}
await nc.drain();
`,
  [textOf("key-value-watch")]: `import { wsconnect } from "@nats-io/nats-core";
import { Kvm } from "@nats-io/kv";

${connect("settings")}const kv = await new Kvm(nc).create("settings", { history: 5, storage: "memory" });
const watch = await kv.watch();
const watching = (async () => {
  for await (const entry of watch) {
    console.log(entry.revision, entry.operation, entry.key, entry.string());
    if (entry.operation === "DEL") break;
  }
})();

await kv.put("colour", "blue");
await kv.put("colour", "green");
await kv.delete("colour");
await watching;
await nc.drain();
`,
  [textOf("object-store")]: `import { wsconnect } from "@nats-io/nats-core";
import { Objm } from "@nats-io/obj";

${connect("pictures")}const objects = await new Objm(nc).create("pictures", { storage: "memory" });
const picture = new Uint8Array(300_000).map((_, index) => index);
const info = await objects.putBlob({ name: "sunset" }, picture);
console.log(info.name, info.size, "bytes in", info.chunks, "chunks");

const back = await objects.getBlob("sunset");
console.log("the same:", back.every((byte, index) => byte === picture[index]));
await nc.drain();
`,
  [textOf("service")]: `import { wsconnect } from "@nats-io/nats-core";
import { Svcm } from "@nats-io/services";

${connect("adder")}const service = await new Svcm(nc).add({ name: "adder", version: "1.0.0" });
service.addEndpoint("add", (error, message) => {
  const numbers = message.json();
  message.respond(String(numbers.reduce((sum, number) => sum + number, 0)));
});

const reply = await nc.request("add", "[1, 2, 3]");
console.log("1 + 2 + 3 =", reply.string());
const stats = await service.stats();
console.log(stats.endpoints[0].num_requests, "request so far");
await nc.drain();
`,
};
