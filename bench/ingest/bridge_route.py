"""Runs one mq-bridge route from a JSON file until it is ended; with the Python of mq-bridge's environment."""

import json
import sys
import time

import mq_bridge

with open(sys.argv[1]) as file:
    route = mq_bridge.Route.from_config(json.load(file), "bench")
route.start()
print("READY", flush=True)
while True:
    time.sleep(1)
