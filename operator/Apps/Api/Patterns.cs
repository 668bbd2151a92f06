namespace Fleet.Apps;

/// <summary>The patterns that fields must match, and what they mean in words. The server reads them as RE2, .NET reads this subset alike.</summary>
internal static class Patterns
{
    /// <summary>RFC 1035, section 2.3.1: what Services are named by.</summary>
    internal const string DnsLabel = "^[a-z]([-a-z0-9]*[a-z0-9])?$";

    /// <summary>RFC 1123, section 2.1: what namespaces are named by.</summary>
    internal const string Namespace = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

    /// <summary>As Kubernetes' IANA_SVC_NAME, which refuses <c>--</c>; a letter comes first.</summary>
    internal const string PortName = "^[a-z](-?[a-z0-9])*$";

    internal const string Hostname = @"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

    /// <summary>No segment is <c>.</c> or <c>..</c>: clients take them out before they send (RFC 3986, section 5.2.4), and the Gateway API refuses them.</summary>
    internal const string PathPrefix = $"^/({Segment}(/{Segment})*)?$";

    internal const string UrlPath = @"^/[^\s#]*$";
    internal const string HttpUrl = @"^https?://[^\s/?#]+(/[^\s?#]*)?$";

    /// <summary>RFC 6454, section 7: scheme, host and port, and nothing after them.</summary>
    internal const string Origin = @"^(\*|https?://[a-z0-9.-]+(:[0-9]{1,5})?)$";

    /// <summary>Without a comma, which parts the audiences in a variable.</summary>
    internal const string Audience = @"^[^\s,]+$";

    internal const string Network = @"^[0-9a-fA-F:.]+/[0-9]{1,3}$";
    internal const string GrpcService = @"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$";

    /// <summary>Printable ASCII: all that a reference to an image is made of, and a blank of another script at its end would be refused in the pod.</summary>
    internal const string Image = "^[!-~]+$";

    /// <summary>As Kubernetes' variables and prefixes of variables, which are never <c>.</c> and do not begin with <c>..</c>.</summary>
    internal const string EnvName = @"^([-_a-zA-Z]|\.[-_a-zA-Z0-9])[-._a-zA-Z0-9]*$";

    /// <summary>RFC 1123: what most objects are named by.</summary>
    internal const string Subdomain = @"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

    /// <summary>What the keys of ConfigMaps and Secrets are: file names, never <c>.</c> and not beginning with <c>..</c>.</summary>
    internal const string ConfigKey = @"^\.?[-_a-zA-Z0-9][-._a-zA-Z0-9]*$";

    /// <summary>What of a pod a variable can be.</summary>
    internal const string FieldPath =
        @"^(metadata\.(name|namespace|uid)|metadata\.(labels|annotations)\['([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?'\]|" +
        @"spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?))$";

    /// <summary>What of a container's resources a variable can be.</summary>
    internal const string ResourceField = @"^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-[0-9]+[KMG]i)$";

    internal const string Percent = "^[0-9]+%$";
    internal const string PercentOfAll = "^([0-9]{1,2}|100)%$";
    internal const string Quantity = @"^\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,3})?$";
    internal const string LabelValue = "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$";
    internal const string MountPath = "^/[^:]*$";

    /// <summary>Kubernetes' local path: no segment <c>..</c>, and nothing that begins with it, which is where the kubelet keeps its own files.</summary>
    internal const string RelativePath = @"^(\.|\.?[^/.][^/]*)(/(\.|\.?[^/.][^/]*|\.\.[^/]+)?)*$";

    /// <summary>A label's or annotation's key, <c>prefix/name</c>; without a backslash, so that it stands in a CEL string as it is.</summary>
    internal const string MetadataKeyInCel = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";

    private const string Segment = @"(\.*[A-Za-z0-9_~-][A-Za-z0-9._~-]*|\.{3,})";

    /// <summary>What a value must be, to follow "must be".</summary>
    internal static string InWords(string pattern) => pattern switch
    {
        DnsLabel => "lower-case letters, digits and -, beginning with a letter and not ending with -",
        Namespace => "lower-case letters, digits and -, neither beginning nor ending with -",
        PortName => "lower-case letters, digits and single -, beginning with a letter and not ending with -",
        Hostname => "a host name in lower case, or one with *. in front",
        PathPrefix => "a path such as /users, of letters, digits and . _ ~ -, without / at its end and without . and .. as segments",
        UrlPath => "a path that begins with /",
        HttpUrl => "an http or https URL without a query",
        Origin => "* or an origin such as https://shop.example.com, without a path",
        Audience => "without blanks and commas",
        Network => "a network such as 10.0.0.0/8 or fd00::/8",
        GrpcService => "a full gRPC service name such as orders.v1.Orders",
        Image => "an image, in ASCII and without blanks",
        EnvName => "letters, digits and - . _, not beginning with a digit or two dots",
        Subdomain => "a DNS name: lower-case letters, digits, - and .",
        ConfigKey => "a key: letters, digits and - . _, not beginning with two dots",
        FieldPath => "a field that a variable can be, such as metadata.name, metadata.labels['a'], spec.nodeName or status.podIP",
        ResourceField => "a resource such as limits.cpu or requests.memory",
        Percent => "a number or a percentage such as 25%",
        PercentOfAll => "a number or a percentage up to 100%",
        Quantity => "a quantity such as 500m or 256Mi",
        LabelValue => "a label value: letters, digits and - _ ., beginning and ending with a letter or digit",
        MountPath => "an absolute path without :",
        RelativePath => "a relative path without ..",
        _ => $"of the form {pattern}",
    };
}
