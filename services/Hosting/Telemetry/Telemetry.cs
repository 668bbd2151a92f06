using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Fleet.Hosting;

/// <summary>
/// Traces and metrics over OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set. The spans are those that ASP.NET Core and HttpClient make themselves;
/// everything else (protocol, headers, sampling, resource attributes) is read from the variables that the OpenTelemetry specification names.
/// </summary>
internal static class Telemetry
{
    /// <summary>The source of the services' own spans.</summary>
    public const string SourceName = "fleet";

    private const string Variable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private const string OverHttp = "http/protobuf";

    public static void Configure(IServiceCollection services, ServiceEnvironment environment)
    {
        var overHttp = environment.OneOf("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", OverHttp) == OverHttp;
        if (environment.Text(Variable) is not { } text)
            return;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var endpoint))
            throw new ConfigurationException(Variable, $"is '{text}'", "set it to the collector's URL, such as http://collector:4317");
        // ASP.NET Core leaves the attributes of the semantic conventions to an instrumentation library unless it is told that there is none.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
        services.AddSingleton<IHostedService>(_ => new Exporters(environment, endpoint, overHttp));
    }

    /// <summary>Both exporters; what is still waiting is sent when the host has stopped.</summary>
    private sealed class Exporters(ServiceEnvironment environment, Uri endpoint, bool overHttp) : IHostedService, IDisposable
    {
        private TracerProvider? _traces;
        private MeterProvider? _metrics;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            var resource = ResourceBuilder.CreateDefault()
                .AddService(environment.Text("OTEL_SERVICE_NAME") ?? $"{environment.App}-{environment.Service}", environment.App, serviceInstanceId: Environment.MachineName)
                .AddAttributes([new("k8s.namespace.name", environment.Namespace)])
                .AddEnvironmentVariableDetector();
            _traces = Sdk.CreateTracerProviderBuilder()
                .SetResourceBuilder(resource)
                .AddSource("Microsoft.AspNetCore", "System.Net.Http", SourceName, "Npgsql", "Yarp.ReverseProxy")
                .AddOtlpExporter(otlp => Send(otlp, "v1/traces"))
                .Build();
            _metrics = Sdk.CreateMeterProviderBuilder()
                .SetResourceBuilder(resource)
                .AddMeter([.. ServiceMetrics.MeterNames])
                .AddOtlpExporter(otlp => Send(otlp, "v1/metrics"))
                .Build();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            _traces?.ForceFlush(2000);
            _metrics?.ForceFlush(2000);
            return Task.CompletedTask;
        }

        public void Dispose()
        {
            _traces?.Dispose();
            _metrics?.Dispose();
        }

        private void Send(OtlpExporterOptions otlp, string signal)
        {
            if (overHttp)
            {
                otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
                // Over HTTP the variable holds the base, and each signal has its path below it.
                otlp.Endpoint = new Uri($"{endpoint.AbsoluteUri.TrimEnd('/')}/{signal}");
            }
            else
            {
                otlp.Endpoint = endpoint;
            }
        }
    }
}
