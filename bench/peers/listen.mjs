// What both servers share: `--listen 127.0.0.1:PORT`, the line `listening on PORT`, SIGTERM.

export function listen(server) {
  const at = process.argv.indexOf("--listen");
  const address = at < 0 ? "127.0.0.1:0" : process.argv[at + 1];
  const colon = address.lastIndexOf(":");
  // A backlog as large as the kernel allows: libuv's 511 would slow the opening of thousands.
  server.listen(
    { host: address.slice(0, colon), port: Number(address.slice(colon + 1)), backlog: 4096 },
    () => console.log(`listening on ${server.address().port}`),
  );
  process.on("SIGTERM", () => process.exit(0));
}
