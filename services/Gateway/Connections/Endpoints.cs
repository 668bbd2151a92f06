using System.Net;

namespace Fleet.Gateway;

/// <summary>The public cleartext address. Kestrel serves HTTP/1.1 on it; what turns out to be HTTP/2 is handed to the <see cref="Http2LaneEndPoint"/>.</summary>
internal sealed class PublicEndPoint(IPAddress address, int port) : IPEndPoint(address, port);

/// <summary>Where Kestrel serves the HTTP/2 connections of the public address, after which it has to be opened. It has no socket of its own.</summary>
internal sealed class Http2LaneEndPoint : EndPoint;
