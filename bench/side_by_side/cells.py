"""What is measured: the cells of the table, and the servers that each is measured on."""
import dataclasses

# Everything that can be started by name; --peer adds more that speak as these do.
SOCKETIO = ("naru", "socketio")
WEBSOCKET = ("naru", "epoll", "ws", "beast", "websocketpp", "libwebsockets")
PUBLISHERS = tuple(name for name in WEBSOCKET if name != "epoll")  # which has no topics
SOCKJS = ("naru", "sockjs")
SERVERS = (*WEBSOCKET, "socketio", "sockjs")
TITLES = {"naru": "naru", "sockjs": "sockjs-node", "epoll": "bare epoll", "ws": "Node ws", "socketio": "Node socket.io",
          "beast": "Beast", "websocketpp": "websocketpp", "libwebsockets": "libwebsockets"}

KIB, MIB = 1 << 10, 1 << 20


@dataclasses.dataclass(frozen=True)
class Cell:
    group: str
    title: str
    mode: str
    protocol: str
    connections: int
    inflight: int
    servers: tuple
    size: int = 20

    def load_arguments(self):
        return [self.mode, "--protocol", self.protocol, "--connections", str(self.connections),
                "--inflight", str(self.inflight), "--size", str(self.size)]

    @property
    def idle(self):
        return self.mode == "idle"


def size_text(size):
    for unit, text in ((MIB, "MiB"), (KIB, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {text}"
    return f"{size} B"


def echo(group, connections, inflight, size=20):
    return Cell(group, f"WebSocket echo {size_text(size)}, {connections} x {inflight}", "echo",
                "websocket", connections, inflight, WEBSOCKET, size)


def fan_out(receivers, inflight):
    return Cell("fanout", f"WebSocket topic 128 B to {receivers}, x {inflight}", "broadcast",
                "websocket", receivers, inflight, PUBLISHERS, 128)


def all_cells():
    for connections in (50, 500):
        for inflight in (1, 16):
            yield echo("echo", connections, inflight)
    yield echo("echo", 5000, 1)
    yield echo("echo", 50, 16, 512)
    for inflight in (1, 16):
        yield echo("large", 50, inflight, 16 * KIB)
    for connections in (1, 50):
        yield echo("large", connections, 1, MIB)
    for receivers in (1000, 10000):
        for inflight in (1, 16):
            yield fan_out(receivers, inflight)
    for connections in (50, 500):
        for inflight in (1, 16):
            yield Cell("socketio", f"Socket.IO echo, {connections} x {inflight}", "echo", "socketio",
                       connections, inflight, SOCKETIO)
    for inflight in (1, 16):
        yield Cell("rooms", f"Socket.IO room of 1000, x {inflight}", "broadcast", "socketio",
                   1000, inflight, SOCKETIO)
    for inflight in (1, 16):
        yield Cell("polling", f"polling echo, 50 x {inflight}", "polling-echo", "socketio",
                   50, inflight, SOCKETIO)
    for receivers in (1000, 10000):
        for protocol, name in (("websocket", "WebSocket"), ("sse", "SSE"), ("stomp", "STOMP")):
            yield Cell("hub", f"{name}, topic 128 B to {receivers}", "broadcast", protocol,
                       receivers, 1, ("naru",), 128)
    yield Cell("sockjs", "SockJS echo, 50 x 1", "echo", "sockjs", 50, 1, SOCKJS)
    yield Cell("stomp", "STOMP echo, 50 x 1", "echo", "stomp", 50, 1, ("naru",))
    yield Cell("connect", "WebSocket handshakes", "connect", "websocket", 50, 1, WEBSOCKET)
    yield Cell("connect", "Socket.IO handshakes", "connect", "socketio", 50, 1, SOCKETIO)
    yield Cell("idle", "idle WebSockets", "idle", "websocket", 10000, 1, WEBSOCKET)
    yield Cell("idle", "idle Socket.IO", "idle", "socketio", 5000, 1, SOCKETIO)


GROUPS = tuple(dict.fromkeys(cell.group for cell in all_cells()))
