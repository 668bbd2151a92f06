using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fleet.Apps;
using Fleet.Kubernetes;
using Xunit;

namespace Fleet.Unit.Apps;

public sealed class SchemaGeneratorTests
{
    [Fact]
    public void Types_become_a_structural_schema() => Assert.Equal(
        """
        description: All there is.
        type: object
        x-kubernetes-validations:
        - rule: self.number > 0
          message: too small
        required:
        - text
        properties:
          text:
            description: A text.
            type: string
            pattern: ^a
            minLength: 1
            maxLength: 9
          choice:
            description: A choice.
            type: string
            enum:
            - HTTP/REST
            - Other
          word:
            description: A word.
            type: string
            enum:
            - ""
            - x
          number:
            description: A number.
            type: integer
            format: int32
            minimum: 1
            maximum: 65535
          large:
            description: A large number.
            type: integer
            format: int64
          flag:
            description: Yes or no.
            type: boolean
          when:
            description: A time.
            type: string
            format: date-time
          either:
            description: A number or a text.
            x-kubernetes-int-or-string: true
            pattern: ^[0-9]+%$
            maxLength: 5
            minimum: 0
            maximum: 100
          any:
            description: Anything.
            type: object
            x-kubernetes-preserve-unknown-fields: true
          words:
            description: Words.
            type: array
            maxItems: 3
            x-kubernetes-list-type: set
            items:
              type: string
              pattern: ^b
              maxLength: 7
          inners:
            description: Inner ones.
            type: array
            minItems: 1
            maxItems: 2
            x-kubernetes-list-type: map
            x-kubernetes-list-map-keys:
            - name
            x-kubernetes-validations:
            - rule: self.size() > 0
              message: too few
            items:
              description: An inner one.
              type: object
              required:
              - name
              properties:
                name:
                  description: Its name.
                  type: string
                  maxLength: 5
          map:
            description: A map.
            type: object
            maxProperties: 4
            additionalProperties:
              x-kubernetes-int-or-string: true
              maxLength: 6
        """,
        Yaml.Write(SchemaGenerator.Of(typeof(Everything)).ToJson()).TrimEnd(), ignoreLineEndingDifferences: true);

    [Theory]
    [InlineData(typeof(WithoutDescription), "WithoutDescription.Field needs a [Description]")]
    [InlineData(typeof(WithoutMaxLength), "WithoutMaxLength.Field needs a [MaxLength]")]
    [InlineData(typeof(WithoutMaxItems), "WithoutMaxItems.Field needs a [MaxLength], the most items")]
    [InlineData(typeof(WithoutItems), "WithoutItems.Field needs an [Items], the longest string in it")]
    [InlineData(typeof(WithoutMaxProperties), "WithoutMaxProperties.Field needs a [MaxLength], the most entries")]
    [InlineData(typeof(WithoutPreserve), "WithoutPreserve.Field needs [PreserveUnknownFields]")]
    [InlineData(typeof(WithoutBoundOnEither), "WithoutBoundOnEither.Field needs a [MaxLength]")]
    [InlineData(typeof(Endless), "Endless contains itself: a structural schema must end")]
    public void A_field_without_what_is_demanded_is_named(Type type, string message) =>
        Assert.Equal(message, Assert.Throws<InvalidOperationException>(() => SchemaGenerator.Of(type)).Message);

    [Fact]
    public void A_whole_object_has_the_fields_that_every_object_has()
    {
        Assert.Equal(["apiVersion", "kind", "metadata", "spec", "status"], Crd.Schema.Properties.Keys);
        Assert.Equal("""{"type":"object"}""", Crd.Schema.Properties["metadata"].ToJson().ToJsonString()); // the server refuses any more
        Assert.Equal(["spec"], Crd.Schema.Required);
    }

#pragma warning disable CA1812, S3459 // read by reflection only
    [Description("All there is.")]
    [ValidationRule("self.number > 0", "too small")]
    private sealed record Everything
    {
        [Description("A text.")]
        [Length(1, 9)]
        [RegularExpression("^a")]
        public required string Text { get; init; }

        [Description("A choice.")]
        public Choice? Choice { get; init; }

        [Description("A word.")]
        [AllowedValues("", "x")]
        public string? Word { get; init; }

        [Description("A number.")]
        [Range(1, 65535)]
        public int? Number { get; init; }

        [Description("A large number.")]
        public long Large { get; init; }

        [Description("Yes or no.")]
        public bool? Flag { get; init; }

        [Description("A time.")]
        public DateTimeOffset When { get; init; }

        [Description("A number or a text.")]
        [MaxLength(5)]
        [Range(0, 100)]
        [RegularExpression("^[0-9]+%$")]
        public IntOrString? Either { get; init; }

        [Description("Anything.")]
        [PreserveUnknownFields]
        public JsonObject? Any { get; init; }

        [Description("Words.")]
        [MaxLength(3)]
        [Items(7, Pattern = "^b")]
        [UniqueItems]
        public IReadOnlyList<string>? Words { get; init; }

        [Description("Inner ones.")]
        [Length(1, 2)]
        [ListMapKeys("name")]
        [ValidationRule("self.size() > 0", "too few")]
        public IReadOnlyList<Inner>? Inners { get; init; }

        [Description("A map.")]
        [MaxLength(4)]
        [Items(6)]
        public IReadOnlyDictionary<string, IntOrString>? Map { get; init; }

        [JsonIgnore]
        public string? Unseen { get; init; }
    }

    private enum Choice
    {
        [JsonStringEnumMemberName("HTTP/REST")]
        Rest,
        Other,
    }

    [Description("An inner one.")]
    private sealed record Inner
    {
        [Description("Its name.")]
        [MaxLength(5)]
        public required string Name { get; init; }
    }

    private sealed record WithoutDescription
    {
        public int Field { get; init; }
    }

    private sealed record WithoutMaxLength
    {
        [Description("x")]
        public string? Field { get; init; }
    }

    private sealed record WithoutMaxItems
    {
        [Description("x")]
        public IReadOnlyList<int>? Field { get; init; }
    }

    private sealed record WithoutItems
    {
        [Description("x")]
        [MaxLength(1)]
        public IReadOnlyList<string>? Field { get; init; }
    }

    private sealed record WithoutMaxProperties
    {
        [Description("x")]
        [Items(1)]
        public IReadOnlyDictionary<string, string>? Field { get; init; }
    }

    private sealed record WithoutPreserve
    {
        [Description("x")]
        public JsonObject? Field { get; init; }
    }

    private sealed record WithoutBoundOnEither
    {
        [Description("x")]
        public IntOrString? Field { get; init; }
    }

    private sealed record Endless
    {
        [Description("x")]
        public Endless? Field { get; init; }
    }
}
