#!/usr/bin/env python3
"""Publishes 1, 2, 3 ... at QoS 1 with paho until SIGTERM: ./publish.py PORT TOPIC ACKNOWLEDGED

Each number that the broker has acknowledged is a line of the file ACKNOWLEDGED. Over a lost connection what is not acknowledged
is sent again by paho itself.
"""

import signal
import sys
import threading

import paho.mqtt.client as mqtt

port, topic, acknowledged = int(sys.argv[1]), sys.argv[2], sys.argv[3]
numbers = {}
lock = threading.Lock()
with open(acknowledged, "a", buffering=1) as file:

    def on_publish(client, userdata, mid, reason, properties):
        with lock:
            number = numbers.pop(mid)
        file.write(f"{number}\n")

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="peers-publisher", clean_session=False)
    client.on_publish = on_publish
    client.username_pw_set("guest", "guest")
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", port, keepalive=10)
    client.loop_start()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    number = 0
    while not stop.wait(0.002):
        with lock:
            waiting = len(numbers)
            if waiting < 100:
                number += 1
                numbers[client.publish(topic, str(number), qos=1).mid] = number
    # What is under way may still be acknowledged.
    for _ in range(100):
        with lock:
            if not numbers:
                break
        stop.clear()
        stop.wait(0.05)
    client.disconnect()
    client.loop_stop()
