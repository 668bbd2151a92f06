// The story with @grpc/grpc-js: node grpc.cjs HOST:PORT TOKEN PROTO-FOLDER. Prints each step that went as it should.
const assert = require('node:assert/strict');
const grpc = require('@grpc/grpc-js');
const { loadSync } = require('@grpc/proto-loader');

const [address, token, protos] = process.argv.slice(2);
const definition = loadSync('orders/v1/orders.proto', { includeDirs: [protos], keepCase: true, longs: String, enums: String, defaults: true });
const { Orders } = grpc.loadPackageDefinition(definition).orders.v1;
const orders = new Orders(address, grpc.credentials.createInsecure());
const metadata = new grpc.Metadata();
metadata.set('authorization', `Bearer ${token}`);

const call = (method, request, given = metadata) => new Promise((resolve, reject) =>
  orders[method](request, given, { deadline: Date.now() + 20_000 }, (error, answer) => (error ? reject(error) : resolve(answer))));
const collect = stream => new Promise((resolve, reject) => {
  const seen = [];
  stream.on('data', order => seen.push(order));
  stream.on('error', reject);
  stream.on('end', () => resolve(seen));
});

const request = {
  idempotency_key: 'grpc-js',
  items: [{ sku: 'tea', quantity: 3, unit_price: { currency_code: 'EUR', minor_units: '450' } }],
};

(async () => {
  const placed = await call('PlaceOrder', request);
  assert.equal(placed.total.minor_units, '1350');
  assert.equal(placed.state, 'ORDER_STATE_PLACED');
  assert.equal((await call('PlaceOrder', request)).id, placed.id);
  console.log('place');

  assert.deepEqual(await call('GetOrder', { order_id: placed.id }), placed);
  console.log('get');

  const listed = await collect(orders.ListOrders({}, metadata));
  assert.ok(listed.some(order => order.id === placed.id));
  console.log('list');

  const watch = orders.WatchOrder({ order_id: placed.id }, metadata);
  const watched = collect(watch);
  await new Promise(resolve => watch.once('data', resolve));
  await call('CancelOrder', { order_id: placed.id });
  assert.deepEqual((await watched).map(order => order.state), ['ORDER_STATE_PLACED', 'ORDER_STATE_CANCELLED']);
  console.log('watch and cancel');

  await assert.rejects(call('GetOrder', { order_id: placed.id }, new grpc.Metadata()), { code: grpc.status.UNAUTHENTICATED });
  await assert.rejects(call('GetOrder', { order_id: '00000000-0000-7000-8000-000000000000' }), { code: grpc.status.NOT_FOUND });
  await assert.rejects(call('PlaceOrder', { idempotency_key: '', items: [] }), error =>
    error.code === grpc.status.INVALID_ARGUMENT && /items/.test(error.details) && /idempotency_key/.test(error.details) && error.metadata.get('grpc-status-details-bin').length === 1);
  console.log('refusals');
  orders.close();
})().catch(error => { console.error(error); process.exit(1); });
