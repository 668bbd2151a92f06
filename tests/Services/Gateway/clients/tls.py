"""Calls the shop by TLS with grpcio: tls.py ADDRESS ROOT_PEM. Prints a line per check; a failed one ends it."""

import queue
import sys

import grpc

address, root = sys.argv[1:]
tea = bytes.fromhex("0a037465611001")  # Ask { what: "tea", count: 1 }
with open(root, "rb") as file:
    believing = grpc.ssl_channel_credentials(file.read())
named = [("grpc.ssl_target_name_override", "localhost")]
with grpc.secure_channel(address, believing, named) as channel:
    assert channel.unary_unary("/gateway.test.v1.Shop/Get")(tea, timeout=20) == b"\x0a\x07got tea\x10\x01"
    print("unary")
    asks = queue.Queue()
    chat = channel.stream_stream("/gateway.test.v1.Shop/Chat")(iter(asks.get, None), timeout=20)
    for _ in range(3):
        asks.put(tea)
        assert next(chat) == b"\x0a\x03tea"
    asks.put(None)
    assert list(chat) == [] and chat.code() == grpc.StatusCode.OK
    print("bidirectional")
with grpc.secure_channel(address, grpc.ssl_channel_credentials(), named) as channel:
    try:
        channel.unary_unary("/gateway.test.v1.Shop/Get")(tea, timeout=20)
        sys.exit("a stranger's certificate was believed")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNAVAILABLE, error
    print("unbelieving")
