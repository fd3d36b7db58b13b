"""Stands in for the server that thingsboard-gateway sends to: gives the few answers it waits for, and counts what comes.

Runs with the Python of the gateway's environment, against the broker that the gateway takes for its server. Prints a line of JSON
twice a second; after SIGTERM one with the time from publishing to here.
"""

import json
import signal
import sys
import threading
import time

import paho.mqtt.client as mqtt

LIMITS = {
    "maxPayloadSize": 65536, "maxInflightMessages": 1000,
    "rateLimits": {"messages": "", "telemetryMessages": "", "telemetryDataPoints": ""},
    "gatewayRateLimits": {"messages": "", "telemetryMessages": "", "telemetryDataPoints": ""}}
latencies, seen = [], set()


def take(payload):
    now = time.time() * 1000
    for device, entries in json.loads(payload).items():
        for entry in entries:
            values = entry.get("values", entry)
            # One payload's values come in two entries now and then; only one of them holds the number.
            if "seq" not in values:
                continue
            # The gateway's own time tells the messages before the measurement from those with the same numbers in it.
            seen.add((device, values["seq"], entry.get("ts")))
            if "sts" in values:
                latencies.append(now - int(values["sts"]) / 1e6)


def on_message(client, context, message):
    number = message.topic.rsplit("/", 1)[1]
    if message.topic == "v1/gateway/telemetry":
        take(message.payload)
    elif message.topic.startswith("v1/devices/me/rpc/request/"):
        if b"getSessionLimits" in message.payload:
            client.publish(f"v1/devices/me/rpc/response/{number}", json.dumps(LIMITS), 1)
    else:
        client.publish(f"v1/devices/me/attributes/response/{number}", "{}", 1)


ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())
arguments = (mqtt.CallbackAPIVersion.VERSION1,) if hasattr(mqtt, "CallbackAPIVersion") else ()
client = mqtt.Client(*arguments, client_id="server")
client.on_message = on_message
client.connect("127.0.0.1", int(sys.argv[1]))
client.subscribe([("v1/devices/me/rpc/request/+", 1), ("v1/devices/me/attributes/request/+", 1), ("v1/gateway/telemetry", 1)])
client.loop_start()
print("READY", flush=True)
while not ended.wait(0.5):
    print(json.dumps({"samples": len(seen)}), flush=True)
client.loop_stop()
latencies.sort()
report = {"samples": len(seen)}
if latencies:
    report["latency_ms"] = {
        "p50": latencies[len(latencies) // 2], "p99": latencies[len(latencies) * 99 // 100], "max": latencies[-1]}
print(json.dumps(report), flush=True)
