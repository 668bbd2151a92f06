namespace Fleet.Users;

/// <summary>The description of the service for programs that call it. It is a file; the tests hold it to the endpoints and to what they answer.</summary>
internal static class OpenApi
{
    private static readonly byte[] Document = Read();

    public static Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = Document.Length;
        return context.Response.Body.WriteAsync(Document, context.RequestAborted).AsTask();
    }

    private static byte[] Read()
    {
        using var resource = typeof(OpenApi).Assembly.GetManifestResourceStream("openapi.json")!;
        using var document = new MemoryStream();
        resource.CopyTo(document);
        return document.ToArray();
    }
}
