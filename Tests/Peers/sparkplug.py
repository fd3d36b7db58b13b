#!/usr/bin/env python3
"""Our Sparkplug edge node and our driver against an independent implementation: pysparkplug on paho.

    sparkplug.py PORT host    # decodes births, data and deaths of one edge node as a host would
    sparkplug.py PORT edge    # is an edge node with one device; takes commands from the topic peer/command

Each line of the output is one JSON object, which SparkplugPeerTests read.
"""

import json
import signal
import sys
import threading
import time

import pysparkplug as spb
from paho.mqtt import client as paho
from pysparkplug import DataType as T
from pysparkplug import Metric

NODE = ("Works", "line-3")


def say(**what):
    print(json.dumps(what), flush=True)


def host(port):
    births = {}
    lock = threading.Lock()
    kinds = {
        "NBIRTH": spb.NBirth, "DBIRTH": spb.DBirth, "NDATA": spb.NData, "DDATA": spb.DData, "NDEATH": spb.NDeath,
        "DDEATH": spb.DDeath}

    def connected(client, *_):
        client.subscribe("spBv1.0/#", 1)

    def subscribed(*_):
        say(ready=True)

    def received(_client, _data, message):
        levels = message.topic.split("/")
        if levels[1] == "STATE":
            return say(kind="STATE", host=levels[2], retained=message.retain, **json.loads(message.payload))
        kind, device = levels[2], levels[4] if len(levels) > 4 else None
        if kind not in kinds:
            return
        with lock:
            payload = kinds[kind].decode(message.payload, birth=births.get(device))
            if kind in ("NBIRTH", "DBIRTH"):
                births[device] = payload
        metrics = [payload.bd_seq_metric] if kind == "NDEATH" else [] if kind == "DDEATH" else payload.metrics
        say(
            kind=kind, device=device, seq=getattr(payload, "seq", None), qos=message.qos, retained=bool(message.retain),
            metrics=[
                {"name": m.name, "alias": m.alias, "type": m.datatype.name, "value": m.value, "time": m.timestamp,
                 "historical": m.is_historical, "null": m.is_null}
                for m in metrics
            ])

    client = paho.Client(client_id="peer-host", clean_session=True)
    client.on_connect, client.on_subscribe, client.on_message = connected, subscribed, received
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", port)
    client.loop_start()
    signal.pause()


def edge(port):
    def metric(name, kind, value, **more):
        return Metric(timestamp=int(time.time() * 1000), name=name, datatype=kind, value=value, **more)

    def command(node, message):
        names = [m.name for m in message.payload.metrics]
        say(command=names)
        if "Node Control/Rebirth" in names:
            # pysparkplug leaves the answer to its user: births as at a connection, from a thread of its own.
            threading.Thread(target=again, args=(node,)).start()

    def again(node):
        node.disconnect()
        node.connect("127.0.0.1", port=port, blocking=False)

    node = spb.EdgeNode(
        *NODE, metrics=[metric("speed", T.INT32, -1480), metric("name", T.STRING, "line 3")], cmd_callback=command)
    node.register(spb.Device("press-3", metrics=[metric("temperature", T.FLOAT, 20.5), metric("on", T.BOOLEAN, True)]))
    node.connect("127.0.0.1", port=port, blocking=False)

    def received(_client, _data, message):
        word, *values = message.payload.decode().split()
        if word == "temperature":
            node.update_device("press-3", [metric("temperature", T.FLOAT, float(values[0]))])
        elif word == "speed":
            node.update([metric("speed", T.INT32, int(values[0]))])
        say(done=word)

    def connected(client, *_):
        client.subscribe("peer/command", 1)

    client = paho.Client(client_id="peer-command", clean_session=True)
    client.on_connect, client.on_message = connected, received
    client.on_subscribe = lambda *_: say(ready=True)
    client.connect("127.0.0.1", port)
    client.loop_start()
    signal.pause()


if __name__ == "__main__":
    {"host": host, "edge": edge}[sys.argv[2]](int(sys.argv[1]))
