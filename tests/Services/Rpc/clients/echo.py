"""Calls the echo service with grpcio: echo.py ADDRESS DESCRIPTOR_SET. Prints a line per check; a failed one ends it."""

import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

address, descriptor_set = sys.argv[1:]
pool = descriptor_pool.DescriptorPool()
with open(descriptor_set, "rb") as file:
    for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        pool.Add(proto)
factory = message_factory.MessageFactory(pool)


class Stub:
    """The methods of a service, as generated code would have them."""

    def __init__(self, channel, name):
        for method in pool.FindServiceByName(name).methods:
            proto = descriptor_pb2.MethodDescriptorProto()
            method.CopyToProto(proto)
            kind = ("stream" if proto.client_streaming else "unary") + "_" + ("stream" if proto.server_streaming else "unary")
            request, response = factory.GetPrototype(method.input_type), factory.GetPrototype(method.output_type)
            call = getattr(channel, kind)(f"/{name}/{method.name}", request_serializer=request.SerializeToString, response_deserializer=response.FromString)
            setattr(self, method.name, call)


def message(name, **fields):
    return factory.GetPrototype(pool.FindMessageTypeByName(name))(**fields)


def ask(**fields):
    return message("fleet.test.v1.EchoRequest", **fields)


def fails(code, call):
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() == code, error
        return error
    raise AssertionError(f"{code} expected")


channel = grpc.insecure_channel(address)
echo = Stub(channel, "fleet.test.v1.Echo")


def unary():
    assert echo.Once(ask(text="héllo")).text == "héllo"


def server_streaming():
    assert [m.text for m in echo.Many(ask(text="n", count=1000))] == [f"n{i}" for i in range(1000)]


def client_streaming():
    assert echo.Gather(ask(text=t) for t in "abc").text == "a b c"


def bidirectional():
    assert [m.text for m in echo.Chat(ask(text=t) for t in "abc")] == ["a", "b", "c"]


def errors():
    error = fails(grpc.StatusCode.FAILED_PRECONDITION, lambda: echo.Once(ask(fail=9, fail_message="50% ☃")))
    assert error.details() == "50% ☃"
    fails(grpc.StatusCode.UNKNOWN, lambda: echo.Once(ask(crash=True)))
    fails(grpc.StatusCode.DATA_LOSS, lambda: list(echo.Many(ask(count=3, fail=15))))
    fails(grpc.StatusCode.UNIMPLEMENTED, lambda: channel.unary_unary("/no.Service/Method")(b""))


def too_large():
    fails(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: echo.Once(ask(text="x" * 300 * 1024)))


def deadline():
    fails(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: echo.Once(ask(hang=True), timeout=0.3))


def cancellation():
    call = echo.Many(ask(text="left", count=1, hang=True))
    next(call)
    call.cancel()
    fails(grpc.StatusCode.CANCELLED, lambda: next(call))


def metadata():
    _, call = echo.Once.with_call(ask(), metadata=[("echo-text", "a, b"), ("echo-data-bin", b"\x00\x01\xfe\xff")])
    assert ("echo-text", "a, b") in call.initial_metadata()
    assert ("echo-data-bin", b"\x00\x01\xfe\xff") in call.trailing_metadata()


def gzip():
    text = "x" * 100_000
    assert echo.Once(ask(text=text), compression=grpc.Compression.Gzip).text == text
    assert len(list(echo.Many(ask(text=text, count=3), compression=grpc.Compression.Gzip))) == 3


def health():
    stub = Stub(channel, "grpc.health.v1.Health")
    assert stub.Check(message("grpc.health.v1.HealthCheckRequest")).status == 1
    watch = stub.Watch(message("grpc.health.v1.HealthCheckRequest", service="unknown"))
    assert next(watch).status == 3
    watch.cancel()


def reflection():
    for version in ("v1", "v1alpha"):
        stub = Stub(channel, f"grpc.reflection.{version}.ServerReflection")
        question = "grpc.reflection.v1.ServerReflectionRequest"
        services, file = stub.ServerReflectionInfo(iter([message(question, list_services=""), message(question, file_containing_symbol="fleet.test.v1.Echo")]))
        assert "fleet.test.v1.Echo" in [s.name for s in services.list_services_response.service]
        assert len(file.file_descriptor_response.file_descriptor_proto) == 1


for check in (unary, server_streaming, client_streaming, bidirectional, errors, too_large, deadline, cancellation, metadata, gzip, health, reflection):
    check()
    print(check.__name__, flush=True)
