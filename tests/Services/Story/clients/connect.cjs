// The story with @connectrpc/connect-node: node connect.cjs URL TOKEN DESCRIPTOR-SET. Prints each protocol that went as it should.
const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { createFileRegistry, fromBinary } = require('@bufbuild/protobuf');
const { FileDescriptorSetSchema } = require('@bufbuild/protobuf/wkt');
const { Code, ConnectError, createClient } = require('@connectrpc/connect');
const { createConnectTransport, createGrpcTransport, createGrpcWebTransport } = require('@connectrpc/connect-node');

const [baseUrl, token, types] = process.argv.slice(2);
const service = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(types))).getService('orders.v1.Orders');
const [PLACED, CANCELLED] = [1, 3];

const withToken = next => request => {
  request.header.set('Authorization', `Bearer ${token}`);
  return next(request);
};
const refused = async (call, code) => assert.rejects(call, error => ConnectError.from(error).code === code);

async function tell(name, make, options, streams) {
  const orders = createClient(service, make({ baseUrl, interceptors: [withToken], ...options }));
  const stranger = createClient(service, make({ baseUrl, ...options }));
  const request = { idempotencyKey: name, items: [{ sku: 'tea', quantity: 2, unitPrice: { currencyCode: 'EUR', minorUnits: 1999n } }] };
  const placed = await orders.placeOrder(request, { timeoutMs: 20_000 });
  assert.equal(placed.total.minorUnits, 3998n);
  assert.equal((await orders.getOrder({ orderId: placed.id })).state, PLACED);
  if (streams) {
    const seen = [];
    for await (const order of orders.watchOrder({ orderId: placed.id })) {
      seen.push(order.state);
      if (order.state === PLACED) await orders.cancelOrder({ orderId: placed.id });
    }
    assert.deepEqual(seen, [PLACED, CANCELLED]);
  } else {
    assert.equal((await orders.cancelOrder({ orderId: placed.id })).state, CANCELLED);
  }
  await refused(stranger.getOrder({ orderId: placed.id }), Code.Unauthenticated);
  await refused(orders.getOrder({ orderId: '00000000-0000-7000-8000-000000000000' }), Code.NotFound);
  await refused(orders.placeOrder({ idempotencyKey: '', items: [] }), Code.InvalidArgument);
  console.log(name);
}

(async () => {
  const one = { httpVersion: '1.1' };
  const two = { httpVersion: '2' };
  await tell('connect json', createConnectTransport, { ...one, useBinaryFormat: false }, false);
  await tell('connect binary', createConnectTransport, { ...one, useBinaryFormat: true }, false);
  await tell('connect json over http/2', createConnectTransport, { ...two, useBinaryFormat: false }, false);
  await tell('grpc-web', createGrpcWebTransport, one, true);
  await tell('grpc', createGrpcTransport, two, true);
})().then(() => process.exit(0), error => { console.error(error); process.exit(1); });
