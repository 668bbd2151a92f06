// Calls the shop by TLS with @grpc/grpc-js: node tls.cjs ADDRESS ROOT_PEM. Prints a line per check; a failed one ends it.
const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const grpc = require('@grpc/grpc-js');

const [address, root] = process.argv.slice(2);
const same = (bytes) => bytes;
const tea = Buffer.from('0a037465611001', 'hex'); // Ask { what: "tea", count: 1 }
const believing = new grpc.Client(address, grpc.credentials.createSsl(readFileSync(root)));
const get = (client) => new Promise((resolve, reject) => client.makeUnaryRequest('/gateway.test.v1.Shop/Get', same, same, tea,
  new grpc.Metadata(), { deadline: Date.now() + 20000 }, (error, answer) => error ? reject(error) : resolve(answer)));

(async () => {
  assert.equal((await get(believing)).toString('hex'), `0a07${Buffer.from('got tea').toString('hex')}1001`);
  console.log('unary');
  const chat = believing.makeBidiStreamRequest('/gateway.test.v1.Shop/Chat', same, same);
  for (let i = 0; i < 3; i++) {
    chat.write(tea);
    const answer = await new Promise((resolve, reject) => { chat.once('data', resolve); chat.once('error', reject); });
    assert.equal(answer.toString('hex'), '0a03746561');
  }
  chat.end();
  await new Promise((resolve, reject) => { chat.once('status', resolve); chat.once('error', reject); chat.resume(); });
  console.log('bidirectional');
  await assert.rejects(get(new grpc.Client(address, grpc.credentials.createSsl())), (error) => error.code === grpc.status.UNAVAILABLE);
  console.log('unbelieving');
  process.exit(0);
})();
