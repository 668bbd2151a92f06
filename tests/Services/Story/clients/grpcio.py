"""The story with grpcio: grpcio.py HOST:PORT TOKEN DESCRIPTOR-SET. Prints each step that went as it should."""
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

address, token, types = sys.argv[1:]
pool = descriptor_pool.DescriptorPool()
with open(types, 'rb') as file:
    for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        pool.Add(proto)
factory = message_factory.MessageFactory(pool)
kinds = {m.name: m for m in pool.FindServiceByName('orders.v1.Orders').methods}


def kind(descriptor):
    return factory.GetPrototype(descriptor)


def method(channel, name):
    make = channel.unary_stream if name in ('ListOrders', 'WatchOrder') else channel.unary_unary
    return make(f'/orders.v1.Orders/{name}', lambda request: request.SerializeToString(), kind(kinds[name].output_type).FromString)


def request(name, **fields):
    return kind(kinds[name].input_type)(**fields)


def refused(code, call):
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() == code, error
    else:
        raise AssertionError(f'not refused with {code}')


credentials = [('authorization', f'Bearer {token}')]
with grpc.insecure_channel(address) as channel:
    place, get, cancel, watch = (method(channel, name) for name in ('PlaceOrder', 'GetOrder', 'CancelOrder', 'WatchOrder'))
    item = {'sku': 'tea', 'quantity': 1, 'unit_price': {'currency_code': 'JPY', 'minor_units': 700}}
    placed = place(request('PlaceOrder', idempotency_key='grpcio', items=[item]), metadata=credentials, timeout=20)
    assert placed.total.minor_units == 700 and placed.total.currency_code == 'JPY'
    print('place')
    assert get(request('GetOrder', order_id=placed.id), metadata=credentials, timeout=20) == placed
    print('get')
    states = []
    for order in watch(request('WatchOrder', order_id=placed.id), metadata=credentials, timeout=20):
        states.append(order.state)
        if order.state == 1:
            cancel(request('CancelOrder', order_id=placed.id), metadata=credentials, timeout=20)
    assert states == [1, 3], states
    print('watch and cancel')
    refused(grpc.StatusCode.UNAUTHENTICATED, lambda: get(request('GetOrder', order_id=placed.id), timeout=20))
    refused(grpc.StatusCode.NOT_FOUND, lambda: get(request('GetOrder', order_id='00000000-0000-7000-8000-000000000000'), metadata=credentials, timeout=20))
    print('refusals')
