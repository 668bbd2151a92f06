using System.Reflection;
using Xunit.Sdk;

namespace Fleet.Unit.Controller;

/// <summary>The data of a theory: every kind of request that the operator makes, each with every way in which one can fail.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EveryVerbAttribute : DataAttribute
{
    private static readonly string[] Verbs = ["create", "apply", "patch", "delete", "get", "status"];
    private static readonly string[] Failures = ["403", "409", "429", "500", "503", "cut before", "cut after"];

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => Verbs.SelectMany(v => Failures.Select(f => new object[] { v, f }));
}
