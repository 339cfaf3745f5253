#!/usr/bin/env python3
"""Crowds `ae serve` with idle and slow connections, asks beside them, and stops it in the middle.

Usage: tests/load/crowd.py AE MODEL [--connections N] [--files N] [--serve ARGUMENTS]

AE is the program and MODEL a run or a weights file. A quarter of the connections each send nothing, half a head, a body
byte by byte, and one request after which they stay open. What the server closes is opened again a second later. Beside
them, `wrk` (if it is installed) and eight clients that keep their connections ask for reconstructions, and a client asks
for /healthz ten times a second on a connection of its own. Then SIGTERM: every request that was sent on an open
connection must have its answer. Needs `ulimit -n` above the number of connections; --files is that limit for the server.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import resource
import selectors
import shlex
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time

HEAD = b"POST /v1/encode HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
KINDS = [b"", b"GET /healthz HTTP/1.1\r\nHost: loc", HEAD + b"{", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"]
SLOW_BODY = 2


class Crowd:
    """Many connections in one process."""

    def __init__(self, address, count):
        self.address, self.count = address, count
        self.selector = selectors.DefaultSelector()
        self.opened, self.refused, self.closed = 0, 0, 0
        self.waiting = list(range(count))

    def open(self, number):
        stream = socket.socket()
        stream.setblocking(False)
        stream.connect_ex(self.address)
        self.selector.register(stream, selectors.EVENT_WRITE, number)

    def close(self, stream, number):
        self.selector.unregister(stream)
        stream.close()
        self.waiting.append(number)

    def event(self, stream, number, events):
        kind = KINDS[number % len(KINDS)]
        try:
            if events & selectors.EVENT_WRITE:
                if stream.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    return self.close(stream, number)
                if kind:
                    stream.send(kind)
                self.opened += 1
                self.selector.modify(stream, selectors.EVENT_READ, number)
            elif told := stream.recv(4096):
                self.refused += told.startswith(b"HTTP/1.1 503")
            else:
                self.closed += 1
                self.close(stream, number)
        except BlockingIOError:
            pass
        except OSError:
            self.closed += 1
            self.close(stream, number)

    def drip(self):
        """A further byte of each slow body."""
        for key in list(self.selector.get_map().values()):
            if key.data % len(KINDS) == SLOW_BODY and key.events == selectors.EVENT_READ:
                try:
                    key.fileobj.send(b" ")
                except OSError:
                    pass

    def run(self, told, ends):
        next_second = 0.0
        while not ends.is_set():
            if time.monotonic() > next_second:
                next_second = time.monotonic() + 1
                self.drip()
                waiting, self.waiting = self.waiting, []
                for number in waiting:
                    self.open(number)
            for key, events in self.selector.select(0.05):
                self.event(key.fileobj, key.data, events)
            open_now = len(self.selector.get_map())
            told[:] = [open_now, self.opened, self.refused, self.closed]


def crowd(address, count, told, ends):
    Crowd(address, count).run(told, ends)


def health(address, tally, ends):
    """Asks for /healthz on connections of its own: milliseconds by status."""
    while not ends.is_set():
        start = time.monotonic()
        try:
            connection = http.client.HTTPConnection(*address, timeout=30)
            connection.request("GET", "/healthz")
            status = connection.getresponse().status
            connection.close()
        except OSError as error:
            status = type(error).__name__
        except http.client.HTTPException as error:
            status = type(error).__name__
        tally.setdefault(status, []).append(1000 * (time.monotonic() - start))
        time.sleep(0.1)


def ask(address, body, tally, stopped):
    """Asks on one connection, and opens another only before the stop."""
    connection = None
    last = time.monotonic()
    while True:
        # A client that was kept from its turn may find its connection closed.
        late = time.monotonic() - last > 0.15
        if stopped.is_set() and (connection is None or late):
            return
        last = time.monotonic()
        new = connection is None
        try:
            if new:
                connection = http.client.HTTPConnection(*address, timeout=60)
            connection.request("POST", "/v1/reconstruct", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            key = answer.status if not stopped.is_set() else f"{answer.status} after the stop"
            if answer.will_close:
                connection.close()
                connection = None
        except (OSError, http.client.HTTPException) as error:
            # A new connection may be refused; on one that has been answered, a request is lost.
            key = "not connected" if new else f"LOST: {type(error).__name__}"
            connection = None
        tally[key] = tally.get(key, 0) + 1


def wrk(address, body, seconds):
    if not shutil.which("wrk"):
        return "wrk is not installed"
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f"wrk.method='POST'\nwrk.body=[[{body}]]\nwrk.headers['Content-Type']='application/json'\n")
        script.flush()
        url = f"http://{address[0]}:{address[1]}/v1/reconstruct"
        command = ["wrk", "-t1", "-c16", f"-d{seconds}s", "--latency", "-s", script.name, url]
        lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    wanted = ("50%", "99%", "Requests/sec", "Non-2xx", "Socket errors")
    return "; ".join(" ".join(line.split()) for line in lines if line.strip().startswith(wanted))


def status_of(process):
    text = open(f"/proc/{process.pid}/status").read()
    memory = {line.split(":")[0]: line.split(":")[1].strip() for line in text.splitlines() if line.startswith("Vm")}
    files = len(os.listdir(f"/proc/{process.pid}/fd"))
    return f"{memory['VmRSS']} now, {memory['VmHWM']} at most, {files} open files"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ae")
    parser.add_argument("model")
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--files", type=int, help="the limit of open files of the server")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--serve", default="", help="further arguments of `ae serve`")
    args = parser.parse_args()

    def limit():
        if args.files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (args.files, args.files))

    command = [args.ae, "serve", args.model, "--port", "0", "--json", "--examples", "none", *shlex.split(args.serve)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=limit)
    address = ("127.0.0.1", json.loads(process.stdout.readline())["port"])
    connection = http.client.HTTPConnection(*address)
    connection.request("GET", "/v1/model")
    shape = json.loads(connection.getresponse().read())["shape"]
    connection.close()
    size = 1
    for side in shape:
        size *= side
    body = json.dumps({"item": [0.5] * size})
    print(f"alone: {wrk(address, body, 5)}\n  {status_of(process)}", flush=True)

    told, ends = multiprocessing.Array("q", 4), multiprocessing.Event()
    of_health, of_clients, stopped = {}, {}, threading.Event()
    children = [multiprocessing.Process(target=crowd, args=(address, args.connections, told, ends), daemon=True)]
    children[0].start()
    threading.Thread(target=health, args=(address, of_health, ends), daemon=True).start()
    time.sleep(3)
    print(f"crowded: {wrk(address, body, args.seconds)}\n  {status_of(process)}", flush=True)
    clients = [threading.Thread(target=ask, args=(address, body, of_clients, stopped), daemon=True) for _ in range(8)]
    for client in clients:
        client.start()
    time.sleep(3)
    print(f"  {status_of(process)}")
    print("  connections: {} open on the client's side; {} opened, {} told 503, {} closed so far".format(*told[:]))
    start = time.monotonic()
    stopped.set()
    process.send_signal(signal.SIGTERM)
    ended = process.wait(120)
    seconds = time.monotonic() - start
    ends.set()
    for client in clients:
        client.join(70)
    for status, times in sorted(of_health.items(), key=str):
        times.sort()
        most = f"median {statistics.median(times):.0f} ms, most {times[-1]:.0f} ms"
        print(f"/healthz {status}: {len(times)} times, {most}")
    print(f"clients: {of_clients}")
    print(f"SIGTERM: exit status {ended} after {seconds:.2f} s")
    lost = sum(count for key, count in of_clients.items() if str(key).startswith("LOST"))
    raise SystemExit(1 if lost or ended else 0)


if __name__ == "__main__":
    main()
