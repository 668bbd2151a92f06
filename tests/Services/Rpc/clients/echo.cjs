// Calls the echo service with @grpc/grpc-js: node echo.cjs ADDRESS ECHO_PROTO_DIR RPC_PROTO_DIR. Prints a line per check; a failed one ends it.
const assert = require('node:assert/strict');
const { join } = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, echoDir, rpcDir] = process.argv.slice(2);
const load = (dir, file) => grpc.loadPackageDefinition(loader.loadSync(join(dir, file), { includeDirs: [dir], keepCase: true, enums: String, defaults: true, oneofs: true }));
const plain = grpc.credentials.createInsecure();
const echo = new (load(echoDir, 'echo.proto').fleet.test.v1.Echo)(address, plain);
const gzip = new (load(echoDir, 'echo.proto').fleet.test.v1.Echo)(address, plain, { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip });
const health = new (load(rpcDir, 'grpc/health/v1/health.proto').grpc.health.v1.Health)(address, plain);
const reflection = new (load(rpcDir, 'grpc/reflection/v1/reflection.proto').grpc.reflection.v1.ServerReflection)(address, plain);
const { status } = grpc;

const unary = (client, method, request, metadata = new grpc.Metadata(), options = {}) => new Promise((resolve, reject) => {
  const answer = {};
  const call = client[method](request, metadata, options, (error, message) => { answer.error = error; answer.message = message; });
  call.on('metadata', (headers) => { answer.headers = headers; });
  call.on('status', (end) => { answer.status = end; answer.error ? reject(Object.assign(answer.error, answer)) : resolve(answer); });
});
const all = async (stream) => { const got = []; for await (const message of stream) got.push(message); return got; };
const code = (expected) => (error) => { assert.equal(error.code, expected, error.message); return true; };

const checks = {
  async unary() {
    assert.equal((await unary(echo, 'Once', { text: 'héllo' })).message.text, 'héllo');
  },
  async serverStreaming() {
    assert.deepEqual((await all(echo.Many({ text: 'n', count: 1000 }))).map((m) => m.text), Array.from({ length: 1000 }, (_, i) => `n${i}`));
  },
  async clientStreaming() {
    const reply = await new Promise((resolve, reject) => {
      const call = echo.Gather((error, message) => error ? reject(error) : resolve(message));
      for (const text of ['a', 'b', 'c']) call.write({ text });
      call.end();
    });
    assert.equal(reply.text, 'a b c');
  },
  async bidirectional() {
    const call = echo.Chat();
    const next = () => new Promise((resolve, reject) => { call.once('data', resolve); call.once('error', reject); });
    for (const text of ['a', 'b', 'c']) {
      call.write({ text });
      assert.equal((await next()).text, text);
    }
    call.end();
    await all(call);
  },
  async errors() {
    await assert.rejects(unary(echo, 'Once', { fail: status.FAILED_PRECONDITION, fail_message: '50% ☃' }), (error) => {
      assert.equal(error.details, '50% ☃');
      return code(status.FAILED_PRECONDITION)(error);
    });
    await assert.rejects(unary(echo, 'Once', { crash: true }), code(status.UNKNOWN));
    await assert.rejects(all(echo.Many({ count: 3, fail: status.DATA_LOSS })), code(status.DATA_LOSS));
    const stranger = new grpc.Client(address, plain);
    await assert.rejects(new Promise((resolve, reject) => stranger.makeUnaryRequest('/no.Service/Method', (x) => x, (x) => x, Buffer.alloc(0),
      (error, message) => error ? reject(error) : resolve(message))), code(status.UNIMPLEMENTED));
  },
  async tooLarge() {
    await assert.rejects(unary(echo, 'Once', { text: 'x'.repeat(300 * 1024) }), code(status.RESOURCE_EXHAUSTED));
  },
  async deadline() {
    await assert.rejects(unary(echo, 'Once', { hang: true }, new grpc.Metadata(), { deadline: Date.now() + 300 }), code(status.DEADLINE_EXCEEDED));
  },
  async cancellation() {
    const call = echo.Many({ text: 'left', count: 1, hang: true });
    call.on('data', () => call.cancel());
    await assert.rejects(new Promise((resolve, reject) => { call.on('end', resolve); call.on('error', reject); }), code(status.CANCELLED));
  },
  async metadata() {
    const metadata = new grpc.Metadata();
    metadata.add('echo-text', 'a, b');
    metadata.add('echo-data-bin', Buffer.from([0, 1, 254, 255]));
    const answer = await unary(echo, 'Once', {}, metadata);
    assert.deepEqual(answer.headers.get('echo-text'), ['a, b']);
    assert.deepEqual(answer.status.metadata.get('echo-data-bin'), [Buffer.from([0, 1, 254, 255])]);
  },
  async gzip() {
    const text = 'x'.repeat(100_000);
    assert.equal((await unary(gzip, 'Once', { text })).message.text, text);
    assert.equal((await all(gzip.Many({ text, count: 3 }))).length, 3);
  },
  async health() {
    assert.equal((await unary(health, 'Check', {})).message.status, 'SERVING');
    const watch = health.Watch({ service: 'unknown' });
    assert.equal((await new Promise((resolve) => watch.once('data', resolve))).status, 'SERVICE_UNKNOWN');
    watch.on('error', () => {});
    watch.cancel();
  },
  async reflection() {
    const call = reflection.ServerReflectionInfo();
    call.write({ list_services: '' });
    call.write({ file_containing_symbol: 'fleet.test.v1.Echo' });
    call.end();
    const [services, file] = await all(call);
    assert.ok(services.list_services_response.service.some((s) => s.name === 'fleet.test.v1.Echo'));
    assert.equal(file.file_descriptor_response.file_descriptor_proto.length, 1);
  },
};

(async () => {
  for (const [name, check] of Object.entries(checks)) {
    await check();
    console.log(name);
  }
  [echo, gzip, health, reflection].forEach((client) => client.close());
})().catch((error) => { console.error(error); process.exit(1); });
