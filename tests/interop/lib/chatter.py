"""A chat's client by python-socketio: says each line of its input, prints what it hears."""
import sys

import socketio

client = socketio.Client()


@client.on("said", namespace="/chat")
def said(who, text):
    print(text, flush=True)


@client.on("connect", namespace="/chat")
def connected():
    print("connected", flush=True)


client.connect(sys.argv[1], namespaces=["/chat"])
for line in sys.stdin:
    client.emit("say", line.rstrip("\n"), namespace="/chat")
client.disconnect()
