"""What nats-py does with a server: streams, consumers of every kind, key-value, object store, services.

NATS_URL names the server; `cargo xtask clients python` starts one.
"""

import asyncio
import os
import unittest

import nats
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    KeyValueConfig,
    ObjectStoreConfig,
    StorageType,
    StreamConfig,
)
from nats.js.errors import APIError, KeyWrongLastSequenceError, NotFoundError
from nats.micro import add_service

OBJECT_BYTES = 5 * 1024 * 1024


class Clients(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.nc = await nats.connect(os.environ["NATS_URL"])
        self.js = self.nc.jetstream()

    async def asyncTearDown(self):
        await self.nc.close()

    async def make_stream(self, name, count=0, **config):
        """A stream `name` on `name.>`, with `count` messages on `name.0`, `name.1`, `name.0`, …"""
        await self.js.add_stream(StreamConfig(name=name, subjects=[f"{name}.>"], storage=StorageType.MEMORY, **config))
        for index in range(count):
            await self.js.publish(f"{name}.{index % 2}", str(index + 1).encode())

    async def test_core(self):
        async def answer(message):
            await message.respond(message.data + b"!")

        await self.nc.subscribe("py.echo", cb=answer)
        reply = await self.nc.request("py.echo", b"hi", headers={"a": "1"})
        self.assertEqual(reply.data, b"hi!")
        with self.assertRaises(nats.errors.NoRespondersError):
            await self.nc.request("py.nobody", b"")

    async def test_streams(self):
        await self.make_stream("py_streams", 6, max_msgs=5)
        info = await self.js.stream_info("py_streams")
        self.assertEqual((info.state.messages, info.state.first_seq), (5, 2))
        self.assertEqual((await self.js.get_last_msg("py_streams", "py_streams.1")).data, b"6")
        self.assertTrue(await self.js.delete_msg("py_streams", 3))
        with self.assertRaises(NotFoundError):
            await self.js.get_msg("py_streams", 3)
        ack = await self.js.publish("py_streams.0", b"x", headers={"Nats-Msg-Id": "one"})
        again = await self.js.publish("py_streams.0", b"x", headers={"Nats-Msg-Id": "one"})
        self.assertEqual((again.seq, again.duplicate), (ack.seq, True))
        with self.assertRaises(APIError):
            await self.js.publish("py_streams.0", b"x", headers={"Nats-Expected-Last-Sequence": "1"})
        self.assertTrue(await self.js.purge_stream("py_streams"))
        self.assertTrue(await self.js.delete_stream("py_streams"))
        with self.assertRaises(NotFoundError):
            await self.js.stream_info("py_streams")

    async def test_pull_consumer_and_acknowledgements(self):
        await self.make_stream("py_pull", 10)
        config = ConsumerConfig(ack_wait=1, max_deliver=4)
        subscription = await self.js.pull_subscribe("py_pull.>", durable="w", config=config)
        batch = await subscription.fetch(4, timeout=5)
        self.assertEqual([message.data for message in batch], [b"1", b"2", b"3", b"4"])
        await batch[0].ack_sync()
        await batch[1].nak()
        await batch[2].term()
        await batch[3].in_progress()
        seen = []
        while len(seen) < 8:
            for message in await subscription.fetch(8, timeout=5):
                seen.append((message.metadata.sequence.stream, message.metadata.num_delivered))
                await message.ack_sync()
        expected = [(2, 2), (4, 2)] + [(sequence, 1) for sequence in range(5, 11)]
        self.assertEqual(sorted(seen), expected)
        self.assertEqual((await subscription.consumer_info()).ack_floor.stream_seq, 10)
        with self.assertRaises(nats.errors.TimeoutError):
            await subscription.fetch(1, timeout=0.5)

    async def test_starts_and_filters(self):
        await self.make_stream("py_starts", 10)
        for policy, subject, expected in [
            (ConsumerConfig(deliver_policy=DeliverPolicy.LAST), "py_starts.>", [b"10"]),
            (ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=9), "py_starts.>", [b"9", b"10"]),
            (ConsumerConfig(deliver_policy=DeliverPolicy.LAST_PER_SUBJECT), "py_starts.>", [b"9", b"10"]),
            (ConsumerConfig(), "py_starts.1", [b"2", b"4", b"6", b"8", b"10"]),
        ]:
            policy.ack_policy = AckPolicy.NONE
            subscription = await self.js.pull_subscribe(subject, config=policy)
            batch = await subscription.fetch(len(expected), timeout=5)
            self.assertEqual([message.data for message in batch], expected)

    async def test_push_consumers(self):
        await self.make_stream("py_push", 20)
        seen = asyncio.Queue()

        async def take(message):
            await seen.put(message.data)
            await message.ack()

        for _ in range(2):
            await self.js.subscribe("py_push.>", queue="workers", durable="workers", cb=take, manual_ack=True)
        texts = [await asyncio.wait_for(seen.get(), 5) for _ in range(20)]
        self.assertEqual(sorted(texts, key=int), [str(number).encode() for number in range(1, 21)])
        flowing = await self.js.subscribe("py_push.>", config=ConsumerConfig(flow_control=True, idle_heartbeat=1))
        for number in range(1, 21):
            self.assertEqual((await flowing.next_msg(timeout=5)).data, str(number).encode())

    async def test_ordered_consumer_goes_on_after_its_consumer_is_gone(self):
        await self.make_stream("py_ordered", 5)
        subscription = await self.js.subscribe("py_ordered.>", ordered_consumer=True, idle_heartbeat=0.5)
        for number in range(1, 6):
            self.assertEqual((await subscription.next_msg(timeout=5)).metadata.sequence.stream, number)
        for consumer in await self.js.consumers_info("py_ordered"):
            await self.js.delete_consumer("py_ordered", consumer.name)
        await self.js.publish("py_ordered.0", b"6")
        self.assertEqual((await subscription.next_msg(timeout=20)).metadata.sequence.stream, 6)

    async def test_key_value(self):
        bucket = await self.js.create_key_value(
            config=KeyValueConfig(bucket="py_kv", history=5, ttl=3, storage=StorageType.MEMORY)
        )
        watcher = await bucket.watch("a.>")
        self.assertIsNone(await watcher.updates(timeout=5))
        self.assertEqual([await bucket.put("a.x", b"1"), await bucket.put("a.x", b"2")], [1, 2])
        self.assertEqual((await bucket.get("a.x")).value, b"2")
        self.assertEqual((await bucket.get("a.x", revision=1)).value, b"1")
        revision = await bucket.create("b", b"3")
        with self.assertRaises(KeyWrongLastSequenceError):
            await bucket.create("b", b"4")
        await bucket.update("b", b"5", last=revision)
        with self.assertRaises(KeyWrongLastSequenceError):
            await bucket.update("b", b"6", last=revision)
        await bucket.delete("a.x")
        updates = [await watcher.updates(timeout=5) for _ in range(3)]
        self.assertEqual([(update.operation, update.revision) for update in updates], [(None, 1), (None, 2), ("DEL", 5)])
        self.assertEqual([entry.revision for entry in await bucket.history("a.x")], [1, 2, 5])
        self.assertEqual(await bucket.keys(), ["b"])
        await asyncio.sleep(3.5)
        with self.assertRaises(NotFoundError):
            await bucket.get("b")

    async def test_object_store(self):
        objects = await self.js.create_object_store(
            "py_objects", config=ObjectStoreConfig(storage=StorageType.MEMORY)
        )
        data = bytes(index * 7 % 251 for index in range(OBJECT_BYTES))
        info = await objects.put("big", data)
        self.assertEqual((info.size, info.chunks), (OBJECT_BYTES, 40))
        self.assertEqual((await objects.get("big")).data, data)
        self.assertEqual([entry.name for entry in await objects.list()], ["big"])
        await objects.delete("big")
        with self.assertRaises(NotFoundError):
            await objects.get("big")

    async def test_service(self):
        service = await add_service(self.nc, name="py-adder", version="1.2.3", description="adds")

        async def add(request):
            await request.respond(str(sum(map(int, request.data.split()))).encode())

        await service.add_endpoint(name="add", subject="py.add", handler=add)
        self.assertEqual((await self.nc.request("py.add", b"1 2 3")).data, b"6")
        self.assertIn(b'"version": "1.2.3"', (await self.nc.request("$SRV.INFO.py-adder", b"")).data.replace(b'":"', b'": "'))
        self.assertIn(b"num_requests", (await self.nc.request("$SRV.STATS.py-adder", b"")).data)
        await service.stop()


if __name__ == "__main__":
    unittest.main()
