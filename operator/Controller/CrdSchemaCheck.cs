using System.Collections.Immutable;
using System.Globalization;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.Controller;

/// <summary>
/// Compares the number of the installed CRD's schema with the one that this operator was built with, and tells of an older one. The CRD is never written:
/// it belongs to whoever installed it. Where it has no number, or cannot be read, nothing is said.
/// </summary>
internal sealed partial class CrdSchemaCheck(EventRecorder events, string leaseNamespace, ILogger logger)
{
    private const int Unknown = -1;

    private volatile int _installed = Unknown;

    /// <summary>The installed schema's number; null while it is not known.</summary>
    internal int? Installed => _installed == Unknown ? null : _installed;

    /// <summary>What is to be done about an older schema, for <c>/healthz/ready</c>; null when nothing is.</summary>
    internal string? Remark => Installed < Crd.SchemaNumber ? OlderText(_installed) : null;

    /// <summary>The CRD as far as anybody here reads it; what <c>kubectl apply</c> notes in it is as large as the CRD itself.</summary>
    internal static PartialObject Trimmed(PartialObject crd) => new()
    {
        Metadata = new()
        {
            Name = crd.Metadata.Name, Uid = crd.Metadata.Uid, ResourceVersion = crd.Metadata.ResourceVersion,
            Annotations = crd.Metadata.Annotation(Crd.SchemaKey) is { } number ? ImmutableDictionary<string, string>.Empty.Add(Crd.SchemaKey, number) : null,
        },
    };

    /// <summary>The CRD was seen, or is gone.</summary>
    /// <param name="crd">Its metadata; null when it is gone.</param>
    internal void Saw(ObjectMeta? crd)
    {
        var number = int.TryParse(crd?.Annotation(Crd.SchemaKey), NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : Unknown;
        if (number == _installed)
            return;
        _installed = number;
        if (Remark is { } remark)
        {
            Log.Older(logger, remark);
            // About the lease, in the operator's own namespace: an Event about the CRD would be in "default", where an operator of few namespaces may write nothing.
            events.Record(
                new() { ApiVersion = Resources.Leases.ApiVersion, Kind = Resources.Leases.Kind, Namespace = leaseNamespace, Name = OperatorHost.LeaseName },
                "Warning", "CrdOlderThanOperator", "CompareSchema", remark);
        }
        else if (number > Crd.SchemaNumber)
        {
            Log.Newer(logger, number, Crd.SchemaNumber);
        }
    }

    private static string OlderText(int installed) => string.Create(
        CultureInfo.InvariantCulture,
        $"the CRD {MicroserviceApp.Resource} has schema {installed}, older than {Crd.SchemaNumber} of this operator: the server drops fields that came since; upgrade the CRD (fleet crds | kubectl apply -f -)");

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Remark}")]
        public static partial void Older(ILogger logger, string remark);

        [LoggerMessage(Level = LogLevel.Information, Message = "The CRD has schema {Installed}, newer than {Known} of this operator: fields that it does not know are left alone")]
        public static partial void Newer(ILogger logger, int installed, int known);
    }
}
